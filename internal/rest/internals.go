package rest

import (
	"bytes"
	"encoding/base64"
	"encoding/json"
	"fmt"
	"net/http"
	"strings"

	"sluice/connect/config"
	"sluice/internal/herder"
)

// The headers with which workers sign what they ask of one another (KIP-507).
const (
	signatureHeader = "X-Connect-Authorization"
	algorithmHeader = "X-Connect-Request-Signature-Algorithm"
)

// macs are the algorithms that Java has for inter.worker.signature.algorithm, in
// lower case, with their names.
var macs = map[string]string{
	"hmacmd5": "HmacMD5", "hmacsha1": "HmacSHA1", "hmacsha224": "HmacSHA224", "hmacsha256": "HmacSHA256",
	"hmacsha384": "HmacSHA384", "hmacsha512": "HmacSHA512", "hmacsha512/224": "HmacSHA512/224", "hmacsha512/256": "HmacSHA512/256",
	"hmacsha3-224": "HmacSHA3-224", "hmacsha3-256": "HmacSHA3-256", "hmacsha3-384": "HmacSHA3-384", "hmacsha3-512": "HmacSHA3-512",
}

// signature returns the signature of a request; nil is none.
func signature(r *request) (*herder.Signature, error) {
	given, encoded := r.Header.Get(algorithmHeader), r.Header.Get(signatureHeader)
	if given == "" || encoded == "" {
		return nil, nil //nolint:nilnil // an unsigned request is not an error here: the herder decides
	}
	algorithm, known := macs[strings.ToLower(given)]
	if !known {
		return nil, fail(http.StatusBadRequest, "Algorithm "+given+" not available")
	}
	mac, err := base64.StdEncoding.DecodeString(encoded)
	if at, wrong := err.(base64.CorruptInputError); wrong && int(at) < len(encoded) { //nolint:errorlint // returned as it is
		return nil, fail(http.StatusBadRequest, fmt.Sprintf("Illegal base64 character %x", encoded[at]))
	}
	if err != nil {
		return nil, fail(http.StatusBadRequest, "the header "+signatureHeader+" is not base64: characters are missing at its end")
	}
	return &herder.Signature{Algorithm: algorithm, MAC: mac, Body: r.body}, nil
}

func (s *api) putTaskConfigs(r *request) (answer, error) {
	configs, err := readTaskConfigs(r.body)
	if err != nil {
		return answer{}, err
	}
	sig, err := signature(r)
	if err != nil {
		return answer{}, err
	}
	return none(http.StatusNoContent, s.Herder.PutTaskConfigs(r.Context(), r.names[0], configs, sig))
}

func (s *api) fenceZombies(r *request) (answer, error) {
	sig, err := signature(r)
	if err != nil {
		return answer{}, err
	}
	return none(http.StatusNoContent, s.Herder.FenceZombies(r.Context(), r.names[0], sig))
}

// readTaskConfigs reads an array of configurations; null is none.
func readTaskConfigs(body []byte) ([]config.Map, error) {
	if string(bytes.TrimSpace(body)) == "null" {
		return nil, nil
	}
	var items []json.RawMessage
	if err := (part{"", "a JSON array of task configurations"}).parse(body, '[', &items); err != nil {
		return nil, err
	}
	configs := make([]config.Map, len(items))
	for i, item := range items {
		raw, err := readConfig(item, part{fmt.Sprintf("the configuration of task %d", i), "a JSON object of keys and values"})
		if err != nil {
			return nil, err
		}
		configs[i] = raw.Map()
	}
	return configs, nil
}
