package tlsconfig_test

import (
	"bytes"
	"encoding/pem"
	"errors"
	"os"
	"strings"
	"testing"

	"sluice/connect/config"
	"sluice/tlsconfig"
)

// The stores in testdata were made by keytool of Java 17 and by
// openssl (PEM); all hold the certificate of cert.pem.

func certificate(t *testing.T) []byte {
	t.Helper()
	text, err := os.ReadFile("testdata/cert.pem")
	if err != nil {
		t.Fatal(err)
	}
	block, _ := pem.Decode(text)
	return block.Bytes
}

func TestTrusted(t *testing.T) {
	t.Parallel()
	want := certificate(t)
	for _, s := range []tlsconfig.Store{
		{Type: "JKS", Location: "testdata/trust.jks", Password: "trustpw"},
		{Location: "testdata/trust.jks", Password: "trustpw"},
		{Type: "JKS", Location: "testdata/trust.jks"}, // Java needs no password either
		{Type: "PKCS12", Location: "testdata/trust.p12", Password: "trustpw"},
		{Type: "jks", Location: "testdata/trust.p12", Password: "trustpw"},
		{Type: "PEM", Location: "testdata/cert.pem"},
	} {
		certs, err := s.Trusted()
		if err != nil || len(certs) != 1 || !bytes.Equal(certs[0].Raw, want) {
			t.Errorf("%+v: %d certificates, %v", s, len(certs), err)
		}
	}
}

func TestIdentity(t *testing.T) {
	t.Parallel()
	want := certificate(t)
	for _, s := range []tlsconfig.Store{
		{Type: "JKS", Location: "testdata/identity.jks", Password: "storepw", KeyPassword: "keypass"},
		{Type: "PKCS12", Location: "testdata/identity.p12", Password: "storepw"},
		{Type: "PEM", Location: "testdata/identity-encrypted.pem", KeyPassword: "pempw"},
	} {
		cert, err := s.Identity()
		if err != nil || !bytes.Equal(cert.Certificate[0], want) || cert.PrivateKey == nil {
			t.Errorf("%+v: %v", s, err)
		}
	}
}

func TestWrongStoresNameTheKeyAndHideThePassword(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct {
		set       config.Map
		key, want string
	}{
		{config.Map{"ssl.keystore.location": "testdata/identity.jks", "ssl.keystore.password": "geheim"}, "ssl.keystore.location", "password right"},
		{config.Map{"ssl.keystore.location": "testdata/identity.jks", "ssl.keystore.password": "storepw", "ssl.key.password": "geheim"}, "ssl.keystore.location", "ssl.key.password right"},
		{config.Map{"ssl.keystore.location": "testdata/identity.p12", "ssl.keystore.password": "geheim"}, "ssl.keystore.location", "PKCS12"},
		{config.Map{"ssl.keystore.location": "testdata/identity-encrypted.pem", "ssl.keystore.type": "PEM", "ssl.key.password": "geheim"}, "ssl.keystore.location", "password right"},
		{config.Map{"ssl.keystore.location": "testdata/identity-encrypted.pem", "ssl.keystore.type": "PEM"}, "ssl.keystore.location", "give its password"},
		{config.Map{"ssl.truststore.location": "testdata/trust.p12", "ssl.truststore.password": "geheim"}, "ssl.truststore.location", "trust.p12"},
		{config.Map{"ssl.truststore.location": "testdata/none"}, "ssl.truststore.location", "no such file"},
		{config.Map{"ssl.truststore.location": "testdata/trust.jks", "ssl.truststore.type": "BKS"}, "ssl.truststore.type", "PKCS12"},
		{config.Map{"ssl.enabled.protocols": "SSLv3"}, "ssl.enabled.protocols", "TLSv1.3"},
		{config.Map{"ssl.cipher.suites": "TLS_NULL"}, "ssl.cipher.suites", "TLS_NULL"},
	} {
		_, err := tlsconfig.Client(tt.set, "")
		var wrong *tlsconfig.KeyError
		if !errors.As(err, &wrong) || wrong.Key != tt.key || !strings.Contains(err.Error(), tt.want) || strings.Contains(err.Error(), "geheim") {
			t.Errorf("%v: %v", tt.set, err)
		}
	}
}

func FuzzDecryptPKCS8(f *testing.F) {
	text, err := os.ReadFile("testdata/identity-encrypted.pem")
	if err != nil {
		f.Fatal(err)
	}
	block, _ := pem.Decode(text)
	f.Add(block.Bytes, "pempw")
	f.Add(block.Bytes, "wrong")
	f.Add([]byte{0x30, 0}, "")
	f.Fuzz(func(t *testing.T, der []byte, password string) {
		if len(der) > 500 {
			return
		}
		if key, err := tlsconfig.DecryptPKCS8(der, password); err == nil && len(key) == 0 {
			t.Error("an empty key")
		}
	})
}
