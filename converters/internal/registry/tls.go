package registry

import (
	"crypto/tls"
	"crypto/x509"
	"os"
	"strings"

	"sluice/connect/config"
)

const sslPrefix = clientPrefix + "ssl."

func tlsKeys() config.Def {
	str := func(name string, fallback any, doc string) config.Key {
		return config.Key{Name: sslPrefix + name, Type: config.String, Default: fallback, Importance: config.Medium, Doc: doc}
	}
	secret := func(name, doc string) config.Key {
		return config.Key{Name: sslPrefix + name, Type: config.Password, Importance: config.High, Doc: doc}
	}
	return config.Def{
		str("truststore.type", "JKS", "Form of the trust store; Sluice reads PEM here."),
		str("truststore.location", nil, "File with the certificates that are trusted."),
		secret("truststore.password", "Password of the trust store; a PEM file has none."),
		secret("truststore.certificates", "The trusted certificates themselves, as PEM text."),
		str("keystore.type", "JKS", "Form of the key store; Sluice reads PEM here."),
		str("keystore.location", nil, "File with the worker's own key and certificates."),
		secret("keystore.password", "Password of the key store; a PEM file has none."),
		secret("keystore.key", "The worker's own key itself, as PEM text."),
		secret("keystore.certificate.chain", "The worker's own certificates themselves, as PEM text."),
		secret("key.password", "Password of the key. Sluice reads keys without one here."),
		str("endpoint.identification.algorithm", "https", "Whether the server's certificate must name the host: https, or empty for no."),
		{
			Name: sslPrefix + "enabled.protocols", Type: config.List, Default: []string{"TLSv1.2", "TLSv1.3"}, Importance: config.Medium,
			Doc: "The versions of TLS that may be used.",
		},
	}
}

type tlsSettings struct {
	TrustType     string        `config:"schema.registry.ssl.truststore.type"`
	TrustLocation string        `config:"schema.registry.ssl.truststore.location"`
	TrustText     config.Secret `config:"schema.registry.ssl.truststore.certificates"`
	KeyType       string        `config:"schema.registry.ssl.keystore.type"`
	KeyLocation   string        `config:"schema.registry.ssl.keystore.location"`
	KeyText       config.Secret `config:"schema.registry.ssl.keystore.key"`
	ChainText     config.Secret `config:"schema.registry.ssl.keystore.certificate.chain"`
	KeyPassword   config.Secret `config:"schema.registry.ssl.key.password"`
	HostCheck     string        `config:"schema.registry.ssl.endpoint.identification.algorithm"`
	Protocols     []string      `config:"schema.registry.ssl.enabled.protocols"`
}

// config returns the TLS configuration; nil is that of the system.
func (t *tlsSettings) config() (*tls.Config, error) {
	c := &tls.Config{MinVersion: tls.VersionTLS12}
	if len(t.Protocols) > 0 {
		c.MinVersion, c.MaxVersion = tls.VersionTLS13, tls.VersionTLS12
		for _, p := range t.Protocols {
			switch p {
			case "TLSv1.2":
				c.MinVersion = tls.VersionTLS12
			case "TLSv1.3":
				c.MaxVersion = tls.VersionTLS13
			default:
				return nil, config.InvalidValue(sslPrefix+"enabled.protocols", p, "only TLSv1.2 and TLSv1.3 are there")
			}
		}
		c.MinVersion = min(c.MinVersion, c.MaxVersion)
	}
	if err := t.trust(c); err != nil {
		return nil, err
	}
	if err := t.own(c); err != nil {
		return nil, err
	}
	if t.HostCheck == "" {
		c.InsecureSkipVerify = true
		c.VerifyConnection = func(s tls.ConnectionState) error { return verifyChain(c.RootCAs, s) }
	}
	return c, nil
}

func verifyChain(roots *x509.CertPool, s tls.ConnectionState) error {
	options := x509.VerifyOptions{Roots: roots, Intermediates: x509.NewCertPool()}
	for _, cert := range s.PeerCertificates[1:] {
		options.Intermediates.AddCert(cert)
	}
	_, err := s.PeerCertificates[0].Verify(options)
	return err
}

func (t *tlsSettings) trust(c *tls.Config) error {
	text := t.TrustText.Reveal()
	if t.TrustLocation != "" {
		b, err := readPEM("truststore", t.TrustType, t.TrustLocation)
		if err != nil {
			return err
		}
		text = string(b)
	}
	if text == "" {
		return nil
	}
	c.RootCAs = x509.NewCertPool()
	if !c.RootCAs.AppendCertsFromPEM([]byte(text)) {
		return config.Errorf("%struststore: no certificate in the PEM text", sslPrefix)
	}
	return nil
}

func (t *tlsSettings) own(c *tls.Config) error {
	key, chain := t.KeyText.Reveal(), t.ChainText.Reveal()
	if t.KeyLocation != "" {
		b, err := readPEM("keystore", t.KeyType, t.KeyLocation)
		if err != nil {
			return err
		}
		key, chain = string(b), string(b)
	}
	if key == "" && chain == "" {
		return nil
	}
	if t.KeyPassword.Reveal() != "" {
		return config.Errorf("%skey.password: Sluice cannot read an encrypted key here; take off its password", sslPrefix)
	}
	pair, err := tls.X509KeyPair([]byte(chain), []byte(key))
	if err != nil {
		return config.Errorf("%skeystore: %v", sslPrefix, err)
	}
	c.Certificates = []tls.Certificate{pair}
	return nil
}

func readPEM(store, form, location string) ([]byte, error) {
	if !strings.EqualFold(form, "PEM") {
		return nil, config.InvalidValue(sslPrefix+store+".type", form, "Sluice reads PEM here; convert the store and set "+sslPrefix+store+".type=PEM")
	}
	b, err := os.ReadFile(location)
	if err != nil {
		return nil, config.Errorf("%s%s.location: %v", sslPrefix, store, err)
	}
	return b, nil
}
