package tlsconfig

import (
	"bytes"
	"crypto"
	"crypto/ecdsa"
	"crypto/ed25519"
	"crypto/rsa"
	"crypto/sha1" //nolint:gosec // The digest of JKS stores.
	"crypto/subtle"
	"crypto/tls"
	"crypto/x509"
	"encoding/pem"
	"errors"
	"fmt"
	"os"
	"slices"
	"strings"
	"unicode/utf16"

	"github.com/pavlo-v-chernykh/keystore-go/v4"
	"software.sslmate.com/src/go-pkcs12"
)

// Store says where a key or trust store is.
type Store struct {
	// Prefix stands before the keys in errors, such as "ssl.keystore.".
	Prefix string
	// Type is JKS, PKCS12 or PEM; empty is JKS. As in Java a store of type JKS may
	// be a file of PKCS12 and the other way about.
	Type, Location, Password string
	// KeyPassword is that of the private key; empty is Password.
	KeyPassword string
	// Chain and Key are PEM texts in place of a location.
	Chain, Key string
}

// magicJKS begins every file of a JKS store.
var magicJKS = []byte{0xfe, 0xed, 0xfe, 0xed}

// KeyError is what is wrong with the value of a key.
type KeyError struct {
	Key string
	Err error
}

func (e *KeyError) Error() string { return e.Key + ": " + e.Err.Error() }

// Unwrap returns what is wrong.
func (e *KeyError) Unwrap() error { return e.Err }

func (s Store) empty() bool { return s.Location == "" && s.Chain == "" && s.Key == "" }

func (s Store) wrong(key, format string, args ...any) error {
	return &KeyError{s.Prefix + key, fmt.Errorf(format, args...)}
}

// inline checks what goes with PEM texts in place of a file.
func (s Store) inline() error {
	switch {
	case !strings.EqualFold(s.Type, "PEM"):
		return s.wrong("type", "give PEM: the store stands in the configuration itself")
	case s.Password != "":
		return s.wrong("password", "take it out: a PEM store has no password, only ssl.key.password")
	}
	return nil
}

// content reads the store's file and says whether it is PEM.
func (s Store) content() (content []byte, isPEM bool, err error) {
	switch strings.ToUpper(s.Type) {
	case "", "JKS", "PKCS12":
	case "PEM":
		isPEM = true
	default:
		return nil, false, s.wrong("type", "%s is not known: JKS, PKCS12 or PEM is possible", s.Type)
	}
	if isPEM && s.Password != "" {
		return nil, false, s.wrong("password", "take it out: a PEM store has no password, only ssl.key.password")
	}
	if content, err = os.ReadFile(s.Location); err != nil {
		return nil, false, s.wrong("location", "%w", err)
	}
	return content, isPEM, nil
}

// Trusted returns the certificates that the store trusts.
func (s Store) Trusted() ([]*x509.Certificate, error) {
	var certs []*x509.Certificate
	if s.Chain != "" {
		if err := s.inline(); err != nil {
			return nil, err
		}
		certs, err := fromPEM([]byte(s.Chain))
		if err != nil {
			return nil, s.wrong("certificates", "%w", err)
		}
		return certs, nil
	}
	content, isPEM, err := s.content()
	if err != nil {
		return nil, err
	}
	switch {
	case isPEM:
		certs, err = fromPEM(content)
	case bytes.HasPrefix(content, magicJKS):
		certs, err = s.trustedJKS(content)
	default:
		certs, err = s.trustedPKCS12(content)
	}
	if err == nil && len(certs) == 0 {
		err = errors.New("it holds no certificate to trust")
	}
	if err != nil {
		return nil, s.wrong("location", "%s: %w", s.Location, err)
	}
	return certs, nil
}

func (s Store) trustedJKS(content []byte) ([]*x509.Certificate, error) {
	ks, err := loadJKS(content, s.Password)
	if err != nil {
		return nil, err
	}
	var certs []*x509.Certificate
	for _, alias := range ks.Aliases() {
		if !ks.IsTrustedCertificateEntry(alias) {
			continue
		}
		entry, err := ks.GetTrustedCertificateEntry(alias)
		if err != nil {
			return nil, fmt.Errorf("entry %s: %w", alias, err)
		}
		cert, err := x509.ParseCertificate(entry.Certificate.Content)
		if err != nil {
			return nil, fmt.Errorf("entry %s: %w", alias, err)
		}
		certs = append(certs, cert)
	}
	return certs, nil
}

// trustedPKCS12 takes certificates with Java's mark of trust, as keytool makes it;
// Java passes over others.
func (s Store) trustedPKCS12(content []byte) ([]*x509.Certificate, error) {
	certs, err := pkcs12.DecodeTrustStore(content, s.Password)
	if err != nil {
		return nil, fmt.Errorf("as PKCS12: %w (keytool -importcert makes a trust store)", err)
	}
	return certs, nil
}

// Identity returns the store's private key with its certificates. Of several keys
// in a JKS store the first by alias is taken.
func (s Store) Identity() (tls.Certificate, error) {
	switch {
	case s.Chain == "" && s.Key != "":
		return tls.Certificate{}, s.wrong("certificate.chain", "give the certificates in PEM beside %skey", s.Prefix)
	case s.Chain != "" && s.Key == "":
		return tls.Certificate{}, s.wrong("key", "give the private key in PEM beside %scertificate.chain", s.Prefix)
	case s.Chain != "":
		if err := s.inline(); err != nil {
			return tls.Certificate{}, err
		}
		return s.pair("key", []byte(s.Chain), []byte(s.Key))
	}
	content, isPEM, err := s.content()
	if err != nil {
		return tls.Certificate{}, err
	}
	if isPEM {
		return s.pair("location", content, content)
	}
	var cert tls.Certificate
	if bytes.HasPrefix(content, magicJKS) {
		cert, err = s.identityJKS(content)
	} else {
		cert, err = s.identityPKCS12(content)
	}
	if err != nil {
		return cert, s.wrong("location", "%s: %w", s.Location, err)
	}
	return cert, nil
}

func (s Store) pair(key string, chain, private []byte) (tls.Certificate, error) {
	if encrypted(private) {
		plain, err := decryptPEM(private, s.KeyPassword)
		if err != nil {
			return tls.Certificate{}, s.wrong(key, "%w", err)
		}
		private = plain
	}
	cert, err := tls.X509KeyPair(chain, private)
	if err != nil {
		return cert, s.wrong(key, "give a PRIVATE KEY block and the CERTIFICATE blocks that belong to it: %w", err)
	}
	return cert, nil
}

func (s Store) identityJKS(content []byte) (tls.Certificate, error) {
	ks, err := loadJKS(content, s.Password)
	if err != nil {
		return tls.Certificate{}, err
	}
	aliases := ks.Aliases()
	slices.Sort(aliases)
	at := slices.IndexFunc(aliases, ks.IsPrivateKeyEntry)
	if at < 0 {
		return tls.Certificate{}, errors.New("it holds no private key")
	}
	password := s.KeyPassword
	if password == "" {
		password = s.Password
	}
	entry, err := ks.GetPrivateKeyEntry(aliases[at], []byte(password))
	if err != nil {
		return tls.Certificate{}, fmt.Errorf("private key %s: %w (is ssl.key.password right?)", aliases[at], err)
	}
	key, err := x509.ParsePKCS8PrivateKey(entry.PrivateKey)
	if err != nil {
		return tls.Certificate{}, fmt.Errorf("private key %s: %w", aliases[at], err)
	}
	chain := make([][]byte, len(entry.CertificateChain))
	for i, c := range entry.CertificateChain {
		chain[i] = c.Content
	}
	return joined(key, chain)
}

func (s Store) identityPKCS12(content []byte) (tls.Certificate, error) {
	key, leaf, others, err := pkcs12.DecodeChain(content, s.Password)
	if err != nil {
		return tls.Certificate{}, fmt.Errorf("as PKCS12: %w", err)
	}
	chain := [][]byte{leaf.Raw}
	for _, c := range others {
		chain = append(chain, c.Raw)
	}
	return joined(key, chain)
}

func joined(key crypto.PrivateKey, chain [][]byte) (tls.Certificate, error) {
	switch key.(type) {
	case *rsa.PrivateKey, *ecdsa.PrivateKey, ed25519.PrivateKey:
	default:
		return tls.Certificate{}, fmt.Errorf("a private key of type %T is not supported: RSA, EC or Ed25519 is possible", key)
	}
	if len(chain) == 0 {
		return tls.Certificate{}, errors.New("the private key has no certificate")
	}
	return tls.Certificate{PrivateKey: key, Certificate: chain}, nil
}

// loadJKS opens a store. As in Java a trust store can be read without its
// password; then nothing proves that it is whole.
func loadJKS(content []byte, password string) (keystore.KeyStore, error) {
	ks := keystore.New()
	if password == "" {
		content = withoutProof(content)
	} else if !whole(content, password) {
		return ks, errors.New("as JKS: the digest at its end is another one (is the password right?)")
	}
	if err := ks.Load(bytes.NewReader(content), []byte(password)); err != nil {
		return ks, fmt.Errorf("as JKS: %w", err)
	}
	return ks, nil
}

// whole checks the digest at the end before anything else is believed: the library
// takes memory as the numbers in the file say.
func whole(content []byte, password string) bool {
	end := len(content) - sha1.Size
	if end < 0 {
		return false
	}
	h := sha1.New() //nolint:gosec // The format has no other.
	for _, unit := range utf16.Encode([]rune(password)) {
		h.Write([]byte{byte(unit >> 8), byte(unit)})
	}
	h.Write([]byte("Mighty Aphrodite"))
	h.Write(content[:end])
	return subtle.ConstantTimeCompare(h.Sum(nil), content[end:]) == 1
}

// withoutProof ends the store with the digest that belongs to no password, since
// the library always compares it.
func withoutProof(content []byte) []byte {
	if len(content) < sha1.Size {
		return content
	}
	content = content[:len(content)-sha1.Size]
	h := sha1.New() //nolint:gosec // The format has no other.
	h.Write([]byte("Mighty Aphrodite"))
	h.Write(content)
	return h.Sum(slices.Clip(content))
}

func fromPEM(text []byte) ([]*x509.Certificate, error) {
	var certs []*x509.Certificate
	for {
		var block *pem.Block
		if block, text = pem.Decode(text); block == nil {
			break
		}
		if block.Type != "CERTIFICATE" {
			continue
		}
		cert, err := x509.ParseCertificate(block.Bytes)
		if err != nil {
			return nil, err
		}
		certs = append(certs, cert)
	}
	if len(certs) == 0 {
		return nil, errors.New("give PEM with one CERTIFICATE block or more")
	}
	return certs, nil
}
