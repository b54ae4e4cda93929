package kafka

import (
	"crypto"
	"crypto/ecdsa"
	"crypto/rand"
	"crypto/rsa"
	"crypto/sha256"
	"crypto/x509"
	"encoding/base64"
	"encoding/json"
	"encoding/pem"
	"errors"
	"fmt"
	"maps"
	"net/url"
	"os"
	"strings"
	"time"

	"sluice/login"
	"sluice/tlsconfig"
)

const (
	credentialsGrant = "client_credentials"
	jwtGrant         = "urn:ietf:params:oauth:grant-type:jwt-bearer"
	assertionType    = "urn:ietf:params:oauth:client-assertion-type:jwt-bearer"
)

// grant returns what makes the request for a token, or nil. A client proves who
// it is by a secret, or by a JWT that it signs or reads from a file.
func (b *builder) grant(class string, options map[string]string) func(now time.Time) (login.Request, error) {
	scope := b.ofClient("sasl.oauthbearer.scope", options["scope"])
	_, issuer := b.val["sasl.oauthbearer.assertion.claim.iss"]
	byAssertion := issuer || str(b, "sasl.oauthbearer.assertion.file") != ""
	if class == secretRetriever && !byAssertion {
		return b.secretGrant(options, scope)
	}
	assertion := b.assertion()
	if assertion == nil {
		return nil
	}
	id := b.ofClient("sasl.oauthbearer.client.credentials.client.id", options["clientId"])
	return func(now time.Time) (login.Request, error) {
		jwt, err := assertion(now)
		if err != nil {
			return login.Request{}, err
		}
		form := url.Values{"grant_type": {jwtGrant}, "assertion": {jwt}}
		if class == secretRetriever {
			form = url.Values{"grant_type": {credentialsGrant}, "client_assertion_type": {assertionType}, "client_assertion": {jwt}}
			if id != "" {
				form.Set("client_id", id)
			}
		}
		return login.Request{Form: withScope(form, scope)}, nil
	}
}

func withScope(form url.Values, scope string) url.Values {
	if scope != "" {
		form.Set("scope", scope)
	}
	return form
}

// ofClient returns the value of the key, or of the older option of the login module.
func (b *builder) ofClient(key, option string) string {
	if v := str(b, key); v != "" {
		return v
	}
	return strings.TrimSpace(option)
}

func (b *builder) secretGrant(options map[string]string, scope string) func(time.Time) (login.Request, error) {
	id := b.ofClient("sasl.oauthbearer.client.credentials.client.id", options["clientId"])
	secret := b.ofClient("sasl.oauthbearer.client.credentials.client.secret", options["clientSecret"])
	switch {
	case id == "":
		b.wrong("sasl.oauthbearer.client.credentials.client.id", "give the id that the provider knows this client by")
		return nil
	case secret == "":
		b.wrong("sasl.oauthbearer.client.credentials.client.secret", "give the secret that belongs to the id")
		return nil
	}
	if boolean(b, "sasl.oauthbearer.header.urlencode", false) {
		id, secret = url.QueryEscape(id), url.QueryEscape(secret)
	}
	return func(time.Time) (login.Request, error) {
		return login.ClientCredentials(id, secret, scope), nil
	}
}

// assertion returns what makes the JWT by which a client proves who it is, or nil.
func (b *builder) assertion() func(now time.Time) (string, error) {
	if path := str(b, "sasl.oauthbearer.assertion.file"); path != "" {
		return func(time.Time) (string, error) { return tokenFile(path) }
	}
	algorithm := orElse(str(b, "sasl.oauthbearer.assertion.algorithm"), "RS256")
	if algorithm != "RS256" && algorithm != "ES256" {
		b.wrong("sasl.oauthbearer.assertion.algorithm", "give RS256 or ES256")
		return nil
	}
	const keyFile = "sasl.oauthbearer.assertion.private.key.file"
	path, phrase := str(b, keyFile), str(b, "sasl.oauthbearer.assertion.private.key.passphrase")
	if _, err := signingKey(path, phrase, algorithm); err != nil {
		b.wrong(keyFile, "give a file with the private key in PEM: "+err.Error())
		return nil
	}
	template, err := b.template()
	if err != nil {
		b.wrong("sasl.oauthbearer.assertion.template.file", "give a file of JSON with the objects header and payload: "+err.Error())
		return nil
	}
	expires := number(b, "sasl.oauthbearer.assertion.claim.exp.seconds", 300)
	before := number(b, "sasl.oauthbearer.assertion.claim.nbf.seconds", 60)
	withID := boolean(b, "sasl.oauthbearer.assertion.claim.jti.include", false)
	return func(now time.Time) (string, error) {
		key, err := signingKey(path, phrase, algorithm) // read again: it may have been renewed
		if err != nil {
			return "", err
		}
		header, payload := maps.Clone(template.Header), maps.Clone(template.Payload)
		header["alg"], header["typ"] = algorithm, "JWT"
		payload["iat"], payload["exp"], payload["nbf"] = now.Unix(), now.Unix()+expires, now.Unix()-before
		if withID {
			payload["jti"] = rand.Text()
		}
		return signed(key, header, payload)
	}
}

func orElse(s, otherwise string) string {
	if s == "" {
		return otherwise
	}
	return s
}

// jwtTemplate is what stands in a JWT beside the times.
type jwtTemplate struct {
	Header, Payload map[string]any
}

// template joins the claims of the settings with those of the file.
func (b *builder) template() (jwtTemplate, error) {
	t := jwtTemplate{map[string]any{}, map[string]any{}}
	for _, claim := range []string{"aud", "iss", "sub"} {
		if v := str(b, "sasl.oauthbearer.assertion.claim."+claim); v != "" {
			t.Payload[claim] = v
		}
	}
	path := str(b, "sasl.oauthbearer.assertion.template.file")
	if path == "" {
		return t, nil
	}
	content, err := os.ReadFile(path)
	if err != nil {
		return t, err
	}
	var file jwtTemplate
	if err := json.Unmarshal(content, &file); err != nil {
		return t, err
	}
	maps.Copy(t.Header, file.Header)
	maps.Copy(t.Payload, file.Payload)
	return t, nil
}

func signingKey(path, phrase, algorithm string) (crypto.Signer, error) {
	content, err := os.ReadFile(path)
	if err != nil {
		return nil, err
	}
	block, _ := pem.Decode(content)
	if block == nil {
		return nil, errors.New("there is no PEM block in it")
	}
	der := block.Bytes
	if block.Type == "ENCRYPTED PRIVATE KEY" {
		if der, err = tlsconfig.DecryptPKCS8(der, phrase); err != nil {
			return nil, err
		}
	}
	key, err := x509.ParsePKCS8PrivateKey(der)
	if err != nil {
		return nil, err
	}
	switch key := key.(type) {
	case *rsa.PrivateKey:
		if algorithm == "RS256" {
			return key, nil
		}
	case *ecdsa.PrivateKey:
		if algorithm == "ES256" && key.Params().BitSize == 256 {
			return key, nil
		}
	}
	return nil, fmt.Errorf("its key does not go with %s", algorithm)
}

// signed returns the JWT in its compact form.
func signed(key crypto.Signer, header, payload map[string]any) (string, error) {
	var parts []string
	for _, part := range []map[string]any{header, payload} {
		text, err := json.Marshal(part)
		if err != nil {
			return "", err
		}
		parts = append(parts, base64.RawURLEncoding.EncodeToString(text))
	}
	content := strings.Join(parts, ".")
	digest := sha256.Sum256([]byte(content))
	var signature []byte
	var err error
	if ec, ok := key.(*ecdsa.PrivateKey); ok {
		signature, err = signES256(ec, digest[:])
	} else {
		signature, err = key.Sign(rand.Reader, digest[:], crypto.SHA256)
	}
	return content + "." + base64.RawURLEncoding.EncodeToString(signature), err
}

// signES256 writes both numbers of a signature with 32 bytes each (RFC 7518).
func signES256(key *ecdsa.PrivateKey, digest []byte) ([]byte, error) {
	r, s, err := ecdsa.Sign(rand.Reader, key, digest)
	if err != nil {
		return nil, err
	}
	const size = 32
	out := make([]byte, 2*size)
	r.FillBytes(out[:size])
	s.FillBytes(out[size:])
	return out, nil
}
