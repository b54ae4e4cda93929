package kafka

import (
	"crypto/tls"
	"crypto/x509"
	"encoding/pem"
	"errors"
	"fmt"
	"os"
	"slices"
	"strings"
)

const pemType = "PEM"

// tlsConfig makes the TLS settings from ssl.*; problems go to b.errs.
func (b *builder) tlsConfig() *tls.Config {
	cfg := &tls.Config{MinVersion: tls.VersionTLS12}
	b.tlsVersions(cfg)
	b.cipherSuites(cfg)
	b.trust(cfg)
	b.identity(cfg)
	if alg, ok := b.val["ssl.endpoint.identification.algorithm"]; ok && alg == "" {
		trustAnyHost(cfg)
	}
	return cfg
}

func (b *builder) tlsVersions(cfg *tls.Config) {
	names, ok := get[[]string](b, "ssl.enabled.protocols")
	if !ok {
		return
	}
	known := map[string]uint16{"TLSv1": tls.VersionTLS10, "TLSv1.1": tls.VersionTLS11, "TLSv1.2": tls.VersionTLS12, "TLSv1.3": tls.VersionTLS13}
	var versions []uint16
	for _, name := range names {
		v, ok := known[name]
		if !ok {
			b.wrong("ssl.enabled.protocols", "give TLSv1.2, TLSv1.3 or both; "+name+" is not known")
			return
		}
		versions = append(versions, v)
	}
	if len(versions) > 0 {
		cfg.MinVersion, cfg.MaxVersion = slices.Min(versions), slices.Max(versions)
	}
}

// cipherSuites takes the names of the standard, which Java and Go share. Go
// does not let those of TLS 1.3 be chosen: naming one is allowed and no more.
func (b *builder) cipherSuites(cfg *tls.Config) {
	names, ok := get[[]string](b, "ssl.cipher.suites")
	if !ok {
		return
	}
	for _, name := range names {
		at := slices.IndexFunc(tls.CipherSuites(), func(s *tls.CipherSuite) bool { return s.Name == name })
		if at < 0 {
			b.wrong("ssl.cipher.suites", "suite "+name+" is not known or not safe; leave the key out for the safe ones")
			return
		}
		suite := tls.CipherSuites()[at]
		if slices.Contains(suite.SupportedVersions, tls.VersionTLS12) {
			cfg.CipherSuites = append(cfg.CipherSuites, suite.ID)
		}
	}
}

// trust sets whose certificates a broker may show; unset, those that the
// system trusts.
func (b *builder) trust(cfg *tls.Config) {
	text, name := str(b, "ssl.truststore.certificates"), "ssl.truststore.certificates"
	location := str(b, "ssl.truststore.location")
	if text == "" && location == "" {
		return
	}
	if !b.isPEM("ssl.truststore.type", "ssl.truststore.password", "a file of certificates") {
		return
	}
	if text == "" {
		name = "ssl.truststore.location"
		var ok bool
		if text, ok = b.file(name, location); !ok {
			return
		}
	}
	pool := x509.NewCertPool()
	if !pool.AppendCertsFromPEM([]byte(text)) {
		b.wrong(name, "give PEM with one CERTIFICATE block or more")
		return
	}
	cfg.RootCAs = pool
}

// identity sets the certificate that this client shows; unset, none.
func (b *builder) identity(cfg *tls.Config) {
	key, chain, name := str(b, "ssl.keystore.key"), str(b, "ssl.keystore.certificate.chain"), "ssl.keystore.key"
	location := str(b, "ssl.keystore.location")
	if key == "" && chain == "" && location == "" {
		return
	}
	if !b.isPEM("ssl.keystore.type", "ssl.keystore.password", "a file with the private key and the certificate chain") {
		return
	}
	switch {
	case key == "" && chain == "":
		name = "ssl.keystore.location"
		both, ok := b.file(name, location)
		if !ok {
			return
		}
		key, chain = both, both
	case chain == "":
		b.wrong("ssl.keystore.certificate.chain", "give the certificates in PEM beside ssl.keystore.key")
		return
	case key == "":
		b.wrong("ssl.keystore.key", "give the private key in PEM beside ssl.keystore.certificate.chain")
		return
	}
	if encryptedKey(key) {
		b.wrong(name, "an encrypted private key is not supported yet: give it unencrypted (openssl pkcs8 -in key.pem -out plain.pem)")
		return
	}
	cert, err := tls.X509KeyPair([]byte(chain), []byte(key))
	if err != nil {
		b.wrong(name, "give a PRIVATE KEY block and the CERTIFICATE blocks that belong to it: "+err.Error())
		return
	}
	cfg.Certificates = []tls.Certificate{cert}
}

// isPEM refuses the other types of stores. Java's default is JKS.
func (b *builder) isPEM(typeKey, passwordKey, form string) bool {
	if given := str(b, typeKey); given != pemType {
		right := fmt.Sprintf("only %s is supported yet: convert the store, set %s=%s and give %s", pemType, typeKey, pemType, form)
		if given == "" {
			right = "unset means JKS; " + right
		}
		b.wrong(typeKey, right)
		return false
	}
	if str(b, passwordKey) != "" {
		b.wrong(passwordKey, "take it out: a PEM store has no password, only ssl.key.password")
		return false
	}
	return true
}

func (b *builder) file(name, location string) (string, bool) {
	content, err := os.ReadFile(location)
	if err != nil {
		b.wrong(name, "give a PEM file that can be read: "+err.Error())
		return "", false
	}
	return string(content), true
}

func encryptedKey(text string) bool {
	for rest := []byte(text); ; {
		var block *pem.Block
		if block, rest = pem.Decode(rest); block == nil {
			return false
		}
		if block.Type == "ENCRYPTED PRIVATE KEY" || strings.Contains(block.Headers["Proc-Type"], "ENCRYPTED") {
			return true
		}
	}
}

// trustAnyHost checks the broker's certificate against the trusted ones but
// not against its host name: ssl.endpoint.identification.algorithm is empty.
func trustAnyHost(cfg *tls.Config) {
	roots := cfg.RootCAs
	cfg.InsecureSkipVerify = true
	cfg.VerifyConnection = func(state tls.ConnectionState) error {
		if len(state.PeerCertificates) == 0 {
			return errors.New("the broker shows no certificate")
		}
		opts := x509.VerifyOptions{Roots: roots, Intermediates: x509.NewCertPool()}
		for _, cert := range state.PeerCertificates[1:] {
			opts.Intermediates.AddCert(cert)
		}
		_, err := state.PeerCertificates[0].Verify(opts)
		return err
	}
}
