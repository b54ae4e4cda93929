package registry

import (
	"crypto/tls"
	"strings"

	"sluice/connect/config"
	"sluice/tlsconfig"
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
		str("truststore.type", "JKS", "Form of the trust store: JKS, PKCS12 or PEM."),
		str("truststore.location", nil, "File with the certificates that are trusted."),
		secret("truststore.password", "Password of the trust store; a PEM file has none."),
		secret("truststore.certificates", "The trusted certificates themselves, as PEM text."),
		str("keystore.type", "JKS", "Form of the key store: JKS, PKCS12 or PEM."),
		str("keystore.location", nil, "File with the worker's own key and certificates."),
		secret("keystore.password", "Password of the key store; a PEM file has none."),
		secret("keystore.key", "The worker's own key itself, as PEM text."),
		secret("keystore.certificate.chain", "The worker's own certificates themselves, as PEM text."),
		secret("key.password", "Password of the key in the key store."),
		str("endpoint.identification.algorithm", "https", "Whether the server's certificate must name the host: https, or empty for no."),
		{
			Name: sslPrefix + "enabled.protocols", Type: config.List, Default: []string{"TLSv1.2", "TLSv1.3"}, Importance: config.Medium,
			Doc: "The versions of TLS that may be used.",
		},
		{Name: sslPrefix + "cipher.suites", Type: config.List, Importance: config.Low, Doc: "The cipher suites that may be used; none is all that are safe."},
	}
}

// tlsSettings are the keys of TLS that are set.
type tlsSettings config.Map

func readTLS(all config.Map) tlsSettings {
	set := tlsSettings{}
	for key, value := range all {
		if strings.HasPrefix(key, sslPrefix) {
			set[key] = value
		}
	}
	return set
}

// config returns the TLS configuration; without keys it is that of the system.
func (t tlsSettings) config() (*tls.Config, error) {
	c, err := tlsconfig.Client(config.Map(t), clientPrefix)
	if err != nil {
		return nil, config.Errorf("%v", err)
	}
	return c, nil
}
