// Package tlsconfig makes TLS settings from Java's keys ssl.*, with key and trust
// stores in Java's formats: JKS, PKCS12 and PEM.
//
// [Server] and [Client] read the keys of a properties file; [Store] reads one
// store. It owns no connection and logs nothing; errors name the key, and never
// show a password.
package tlsconfig

import (
	"crypto/tls"
	"crypto/x509"
	"errors"
	"fmt"
	"slices"
	"strings"

	"sluice/connect/config"
)

// Server returns the settings of a listener. If a key with the prefix is set,
// such as listeners.https.ssl.keystore.location, only those with it count, else
// those without a prefix, as in Java.
func Server(values config.Map, prefix string) (*tls.Config, error) {
	k := below(values, prefix)
	cfg, err := k.base()
	if err != nil {
		return nil, err
	}
	if len(cfg.Certificates) == 0 {
		return nil, fmt.Errorf("%s is not set: a listener with https needs a key store with its certificate", k.name("ssl.keystore.location"))
	}
	cfg.ClientCAs, cfg.RootCAs = cfg.RootCAs, nil
	switch auth := k.get("ssl.client.auth"); auth {
	case "", "none":
	case "requested":
		cfg.ClientAuth = tls.VerifyClientCertIfGiven
	case "required":
		cfg.ClientAuth = tls.RequireAndVerifyClientCert
	default:
		return nil, fmt.Errorf("%s=%s is not known: none, requested or required is possible", k.name("ssl.client.auth"), auth)
	}
	return cfg, nil
}

// Client returns the settings of the side that connects, such as a worker that
// asks another one, or a Kafka client. The prefix is that of Server.
func Client(values config.Map, prefix string) (*tls.Config, error) {
	k := below(values, prefix)
	cfg, err := k.base()
	if err != nil {
		return nil, err
	}
	if algorithm, set := k.values[k.name("ssl.endpoint.identification.algorithm")]; set && config.Trim(algorithm) == "" {
		trustAnyHost(cfg)
	}
	return cfg, nil
}

// keys are the ssl.* keys that count.
type keys struct {
	values config.Map
	prefix string
}

func below(values config.Map, prefix string) keys {
	for key := range values {
		if strings.HasPrefix(key, prefix) {
			return keys{values, prefix}
		}
	}
	return keys{values, ""}
}

func (k keys) name(key string) string { return k.prefix + key }
func (k keys) get(key string) string  { return config.Trim(k.values[k.prefix+key]) }

func (k keys) base() (*tls.Config, error) {
	cfg := &tls.Config{MinVersion: tls.VersionTLS12}
	if err := k.versions(cfg); err != nil {
		return nil, err
	}
	if err := k.suites(cfg); err != nil {
		return nil, err
	}
	trust := k.store("ssl.truststore.", "ssl.truststore.certificates", "")
	if !trust.empty() {
		certs, err := trust.Trusted()
		if err != nil {
			return nil, err
		}
		cfg.RootCAs = x509.NewCertPool()
		for _, c := range certs {
			cfg.RootCAs.AddCert(c)
		}
	}
	identity := k.store("ssl.keystore.", "ssl.keystore.certificate.chain", "ssl.keystore.key")
	if !identity.empty() {
		cert, err := identity.Identity()
		if err != nil {
			return nil, err
		}
		cfg.Certificates = []tls.Certificate{cert}
	}
	return cfg, nil
}

func (k keys) store(prefix, chain, key string) Store {
	s := Store{
		Prefix: k.prefix + prefix, Type: k.get(prefix + "type"), Location: k.get(prefix + "location"),
		// A password may begin with a blank.
		Password: k.values[k.prefix+prefix+"password"], Chain: k.values[k.prefix+chain],
	}
	if key != "" {
		s.Key, s.KeyPassword = k.values[k.prefix+key], k.values[k.name("ssl.key.password")]
	}
	return s
}

func (k keys) versions(cfg *tls.Config) error {
	given := k.get("ssl.enabled.protocols")
	if given == "" {
		return nil
	}
	known := map[string]uint16{"TLSv1": tls.VersionTLS10, "TLSv1.1": tls.VersionTLS11, "TLSv1.2": tls.VersionTLS12, "TLSv1.3": tls.VersionTLS13}
	var versions []uint16
	for name := range strings.SplitSeq(given, ",") {
		v, ok := known[config.Trim(name)]
		if !ok {
			return &KeyError{k.name("ssl.enabled.protocols"), fmt.Errorf("give TLSv1.2, TLSv1.3 or both; %s is not known", name)}
		}
		versions = append(versions, v)
	}
	cfg.MinVersion, cfg.MaxVersion = slices.Min(versions), slices.Max(versions)
	return nil
}

// suites takes the names of the standard, which Java and Go share. Go does not let
// those of TLS 1.3 be chosen: naming one is allowed and no more.
func (k keys) suites(cfg *tls.Config) error {
	given := k.get("ssl.cipher.suites")
	if given == "" {
		return nil
	}
	for name := range strings.SplitSeq(given, ",") {
		name = config.Trim(name)
		at := slices.IndexFunc(tls.CipherSuites(), func(s *tls.CipherSuite) bool { return s.Name == name })
		if at < 0 {
			return &KeyError{k.name("ssl.cipher.suites"), fmt.Errorf("suite %s is not known or not safe; leave the key out for the safe ones", name)}
		}
		suite := tls.CipherSuites()[at]
		if slices.Contains(suite.SupportedVersions, tls.VersionTLS12) {
			cfg.CipherSuites = append(cfg.CipherSuites, suite.ID)
		}
	}
	return nil
}

// trustAnyHost checks the other's certificate against the trusted ones but not
// against its host name: ssl.endpoint.identification.algorithm is empty.
func trustAnyHost(cfg *tls.Config) {
	roots := cfg.RootCAs
	cfg.InsecureSkipVerify = true
	cfg.VerifyConnection = func(state tls.ConnectionState) error {
		if len(state.PeerCertificates) == 0 {
			return errors.New("the other side shows no certificate")
		}
		opts := x509.VerifyOptions{Roots: roots, Intermediates: x509.NewCertPool()}
		for _, cert := range state.PeerCertificates[1:] {
			opts.Intermediates.AddCert(cert)
		}
		_, err := state.PeerCertificates[0].Verify(opts)
		return err
	}
}
