package herder

import (
	"crypto/hmac"
	"crypto/md5" //nolint:gosec // HmacMD5 and HmacSHA1 are algorithms that the operator may name.
	"crypto/rand"
	"crypto/sha1" //nolint:gosec // See above.
	"crypto/sha256"
	"crypto/sha3"
	"crypto/sha512"
	"fmt"
	"hash"
	"net/http"
	"slices"
	"strconv"
	"strings"
	"time"

	"sluice/connect/config"
	"sluice/internal/setting"
	"sluice/internal/store"
)

// internalRequests says how requests between workers are signed and checked
// (KIP-507): the settings inter.worker.*.
type internalRequests struct {
	KeyAlgorithm       string        `config:"inter.worker.key.generation.algorithm"`
	KeySize            *int          `config:"inter.worker.key.size"`
	KeyTTL             time.Duration `config:"inter.worker.key.ttl.ms"`
	SignatureAlgorithm string        `config:"inter.worker.signature.algorithm"`
	Verification       []string      `config:"inter.worker.verification.algorithms"`
}

func internalRequestsDef() config.Def {
	return setting.Keys(
		"inter.worker.key.generation.algorithm", "inter.worker.key.size", "inter.worker.key.ttl.ms",
		"inter.worker.signature.algorithm", "inter.worker.verification.algorithms",
	)
}

func readInternalRequests(m config.Map) (internalRequests, error) {
	s, err := config.Decode[internalRequests](internalRequestsDef(), m)
	if err != nil {
		return s, err
	}
	for key, name := range map[string]string{
		"inter.worker.key.generation.algorithm": s.KeyAlgorithm, "inter.worker.signature.algorithm": s.SignatureAlgorithm,
	} {
		if _, ok := macOf(name); !ok {
			return s, fmt.Errorf("configuration key %q has the value %q: give one of %s", key, name, strings.Join(setting.Signatures(), ", "))
		}
	}
	for _, name := range s.Verification {
		if _, ok := macOf(name); !ok {
			return s, fmt.Errorf("configuration key %q holds %q: give some of %s", "inter.worker.verification.algorithms", name, strings.Join(setting.Signatures(), ", "))
		}
	}
	if !slices.Contains(s.Verification, s.SignatureAlgorithm) {
		return s, fmt.Errorf("configuration key %q has the value %v: it must hold that of inter.worker.signature.algorithm, %s",
			"inter.worker.verification.algorithms", s.Verification, s.SignatureAlgorithm)
	}
	if size := s.KeySize; size != nil && (*size < 40 || *size > 1<<20) {
		return s, fmt.Errorf("configuration key %q has the value %q: give the bits of a key, such as 256", "inter.worker.key.size", strconv.Itoa(*size))
	}
	return s, nil
}

// mac is an algorithm of Java's Mac and KeyGenerator.
type mac struct {
	hash func() hash.Hash
	key  int // bytes of a key where no size is given
}

// macOf finds an algorithm by Java's name.
func macOf(name string) (mac, bool) {
	switch strings.ToLower(name) {
	case "hmacmd5":
		return mac{md5.New, 64}, true
	case "hmacsha1":
		return mac{sha1.New, 64}, true
	case "hmacsha224":
		return mac{sha256.New224, 28}, true
	case "hmacsha256":
		return mac{sha256.New, 32}, true
	case "hmacsha384":
		return mac{sha512.New384, 48}, true
	case "hmacsha512":
		return mac{sha512.New, 64}, true
	case "hmacsha512/224":
		return mac{sha512.New512_224, 28}, true
	case "hmacsha512/256":
		return mac{sha512.New512_256, 32}, true
	case "hmacsha3-224":
		return mac{func() hash.Hash { return sha3.New224() }, 28}, true
	case "hmacsha3-256":
		return mac{func() hash.Hash { return sha3.New256() }, 32}, true
	case "hmacsha3-384":
		return mac{func() hash.Hash { return sha3.New384() }, 48}, true
	case "hmacsha3-512":
		return mac{func() hash.Hash { return sha3.New512() }, 64}, true
	}
	return mac{}, false
}

// keyBytes is the length of a key that this worker makes.
func (s internalRequests) keyBytes() int {
	if s.KeySize != nil {
		return (*s.KeySize + 7) / 8
	}
	m, _ := macOf(s.KeyAlgorithm)
	return m.key
}

// newKey makes a session key.
func (s internalRequests) newKey(now time.Time) store.SessionKey {
	key := make([]byte, s.keyBytes())
	_, _ = rand.Read(key) // never fails
	return store.SessionKey{Key: config.NewSecret(string(key)), Algorithm: s.KeyAlgorithm, Created: now.UnixMilli()}
}

// renew says whether the leader is to replace the key now, and if not, when; a
// zero time is never.
func (s internalRequests) renew(key *store.SessionKey, now time.Time) (bool, time.Time) {
	if key == nil || key.Algorithm != s.KeyAlgorithm || len(key.Key.Reveal()) != s.keyBytes() {
		return true, time.Time{}
	}
	if s.KeyTTL <= 0 {
		return false, time.Time{}
	}
	created := time.UnixMilli(key.Created)
	if created.After(now.Add(s.KeyTTL)) {
		return true, time.Time{} // a clock has jumped: the key would live as long as that was
	}
	end := created.Add(s.KeyTTL)
	return !now.Before(end), end
}

// sign signs the body of a request to another worker; nil where there is no key.
func (s internalRequests) sign(key *store.SessionKey, body []byte) *Signature {
	if key == nil {
		return nil
	}
	return &Signature{Algorithm: s.SignatureAlgorithm, MAC: macOfBody(s.SignatureAlgorithm, key, body), Body: body}
}

func macOfBody(algorithm string, key *store.SessionKey, body []byte) []byte {
	m, _ := macOf(algorithm)
	h := hmac.New(m.hash, []byte(key.Key.Reveal()))
	h.Write(body)
	return h.Sum(nil)
}

// verify refuses a request that no worker of the cluster has signed, in Java's
// words.
func (s internalRequests) verify(key *store.SessionKey, sig *Signature) error {
	switch {
	case sig == nil:
		return badRequest("Internal request missing required signature")
	case !slices.Contains(s.Verification, sig.Algorithm):
		return badRequest(fmt.Sprintf("This worker does not support the '%s' key signing algorithm used by other workers. "+
			"This worker is currently configured to use: [%s]. "+
			"Check that all workers' configuration files permit the same set of signature algorithms, "+
			"and correct any misconfigured worker and restart it.", sig.Algorithm, strings.Join(s.Verification, ", ")))
	case key == nil:
		return &Error{
			Status:  http.StatusServiceUnavailable,
			Message: "This worker is still starting up and has not been able to read a session key from the config topic yet",
		}
	case !hmac.Equal(macOfBody(sig.Algorithm, key, sig.Body), sig.MAC):
		return &Error{Status: http.StatusForbidden, Message: "Internal request contained invalid signature."}
	}
	return nil
}
