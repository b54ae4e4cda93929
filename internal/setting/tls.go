package setting

import "sluice/connect/config"

func tlsKeys() config.Def {
	return config.Def{
		{Name: "ssl.protocol", Type: config.String, Default: "TLSv1.3", Importance: config.Medium, Doc: "Java's protocol for TLS; ssl.enabled.protocols decides here."},
		{Name: "ssl.provider", Type: config.String, Importance: config.Medium, Doc: "Java security provider for TLS. It makes no difference here."},
		{Name: "ssl.cipher.suites", Type: config.List, Default: []string{}, Validator: config.UniqueList{EmptyAllowed: true}, Importance: config.Low, Doc: "Cipher suites that TLS may use; empty is all that are safe."},
		{Name: "ssl.enabled.protocols", Type: config.List, Default: []string{"TLSv1.2", "TLSv1.3"}, Validator: config.UniqueList{EmptyAllowed: true}, Importance: config.Medium, Doc: "Versions of TLS that may be used."},
		{Name: "ssl.keystore.type", Type: config.String, Default: "JKS", Importance: config.Medium, Doc: "Format of the key store."},
		{Name: "ssl.keystore.location", Type: config.String, Importance: config.High, Doc: "File with the key and certificate of this side."},
		{Name: "ssl.keystore.password", Type: config.Password, Importance: config.High, Doc: "Password of the key store."},
		{Name: "ssl.key.password", Type: config.Password, Importance: config.High, Doc: "Password of the private key."},
		{Name: "ssl.keystore.key", Type: config.Password, Importance: config.High, Doc: "Private key in PEM, in place of a file."},
		{Name: "ssl.keystore.certificate.chain", Type: config.Password, Importance: config.High, Doc: "Certificates of this side in PEM, in place of a file."},
		{Name: "ssl.truststore.certificates", Type: config.Password, Importance: config.High, Doc: "Certificates to trust in PEM, in place of a file."},
		{Name: "ssl.truststore.type", Type: config.String, Default: "JKS", Importance: config.Medium, Doc: "Format of the trust store."},
		{Name: "ssl.truststore.location", Type: config.String, Importance: config.High, Doc: "File with the certificates to trust."},
		{Name: "ssl.truststore.password", Type: config.Password, Importance: config.High, Doc: "Password of the trust store."},
		{Name: "ssl.keymanager.algorithm", Type: config.String, Default: "SunX509", Importance: config.Low, Doc: "Java's algorithm for key managers. It makes no difference here."},
		{Name: "ssl.trustmanager.algorithm", Type: config.String, Default: "PKIX", Importance: config.Low, Doc: "Java's algorithm for trust managers. It makes no difference here."},
		{Name: "ssl.endpoint.identification.algorithm", Type: config.String, Default: "https", Importance: config.Low, Doc: "How the name in the certificate of the other side is checked; empty is not at all."},
		{Name: "ssl.secure.random.implementation", Type: config.String, Importance: config.Low, Doc: "Java's source of random numbers for TLS. It makes no difference here."},
		{Name: "ssl.engine.factory.class", Type: config.Class, Importance: config.Low, Doc: "Java class that makes TLS engines. It cannot run here."},
	}
}
