package tlsconfig_test

import (
	"bytes"
	"crypto/tls"
	"io"
	"net"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"sluice/connect/config"
	"sluice/tlsconfig"
)

// The stores in testdata/server were made by keytool of Java 17 and by openssl; the
// passwords are storepass and keypass.
func data(name string) string { return filepath.Join("testdata", "server", name) }

func text(t *testing.T, name string) string {
	t.Helper()
	b, err := os.ReadFile(data(name))
	if err != nil {
		t.Fatal(err)
	}
	return string(b)
}

// handshake reports what client and server say to one another.
func handshake(t *testing.T, server, client *tls.Config) error {
	t.Helper()
	l, err := new(net.ListenConfig).Listen(t.Context(), "tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer l.Close()
	served := make(chan error, 1)
	go func() {
		conn, err := l.Accept()
		if err == nil {
			c := tls.Server(conn, server)
			if err = c.HandshakeContext(t.Context()); err == nil {
				_, err = c.Write([]byte("x"))
			}
			_ = c.Close()
		}
		served <- err
	}()
	conn, err := new(net.Dialer).DialContext(t.Context(), "tcp", l.Addr().String())
	if err != nil {
		t.Fatal(err)
	}
	client.ServerName = "127.0.0.1"
	c := tls.Client(conn, client)
	_, err = io.ReadAll(c)
	_ = c.Close()
	if other := <-served; err == nil {
		err = other
	}
	return err
}

func TestStoresOfJava(t *testing.T) {
	t.Parallel()
	identities := map[string]config.Map{
		"jks":               {"ssl.keystore.location": data("server.jks"), "ssl.keystore.password": "storepass", "ssl.key.password": "keypass"},
		"pkcs12":            {"ssl.keystore.location": data("server.p12"), "ssl.keystore.password": "storepass", "ssl.keystore.type": "PKCS12"},
		"pkcs12 called jks": {"ssl.keystore.location": data("server.p12"), "ssl.keystore.password": "storepass"},
		"pem":               {"ssl.keystore.location": data("server.pem"), "ssl.keystore.type": "PEM"},
		"pem text":          {"ssl.keystore.key": text(t, "server.pem"), "ssl.keystore.certificate.chain": text(t, "server.crt.pem"), "ssl.keystore.type": "PEM"},
		"prefix":            {"listeners.https.ssl.keystore.location": data("server.pem"), "listeners.https.ssl.keystore.type": "PEM", "ssl.keystore.location": "/nowhere"},
	}
	trusts := map[string]config.Map{
		"jks":      {"ssl.truststore.location": data("trust.jks"), "ssl.truststore.password": "storepass"},
		"pkcs12":   {"ssl.truststore.location": data("trust.p12"), "ssl.truststore.password": "storepass", "ssl.truststore.type": "PKCS12"},
		"pem":      {"ssl.truststore.location": data("server.crt.pem"), "ssl.truststore.type": "PEM"},
		"pem text": {"ssl.truststore.certificates": text(t, "server.crt.pem"), "ssl.truststore.type": "PEM"},
	}
	for name, identity := range identities {
		server, err := tlsconfig.Server(identity, "listeners.https.")
		if err != nil {
			t.Errorf("%s: %v", name, err)
			continue
		}
		for other, trust := range trusts {
			client, err := tlsconfig.Client(trust, "listeners.https.")
			if err != nil {
				t.Errorf("%s: %v", other, err)
				continue
			}
			if err := handshake(t, server, client); err != nil {
				t.Errorf("server %s, client %s: %v", name, other, err)
			}
		}
		if err := handshake(t, server, &tls.Config{MinVersion: tls.VersionTLS12}); err == nil {
			t.Errorf("%s: a client that does not trust it took its certificate", name)
		}
	}
}

func TestClientCertificates(t *testing.T) {
	t.Parallel()
	server := config.Map{
		"ssl.keystore.location": data("server.p12"), "ssl.keystore.password": "storepass", "ssl.truststore.location": data("trust.jks"), "ssl.truststore.password": "storepass",
		"ssl.client.auth": "required", "ssl.enabled.protocols": "TLSv1.2", "ssl.cipher.suites": "TLS_ECDHE_ECDSA_WITH_AES_128_GCM_SHA256",
	}
	client := config.Map{"ssl.truststore.location": data("trust.p12"), "ssl.truststore.password": "storepass", "ssl.endpoint.identification.algorithm": ""}
	tryIt := func() error {
		s, err := tlsconfig.Server(server, "x.")
		if err != nil {
			t.Fatal(err)
		}
		c, err := tlsconfig.Client(client, "x.")
		if err != nil {
			t.Fatal(err)
		}
		return handshake(t, s, c)
	}
	if err := tryIt(); err == nil {
		t.Error("a client without a certificate came in")
	}
	server["ssl.client.auth"] = "requested"
	if err := tryIt(); err != nil {
		t.Errorf("requested: %v", err)
	}
	server["ssl.client.auth"] = "required"
	client["ssl.keystore.location"], client["ssl.keystore.password"] = data("client.p12"), "storepass"
	if err := tryIt(); err != nil {
		t.Errorf("a client with a certificate: %v", err)
	}
}

func TestErrorsNameTheKeyAndNoPassword(t *testing.T) {
	t.Parallel()
	for key, values := range map[string]config.Map{
		"p.ssl.keystore.location":     {"p.x": "y"},
		"ssl.keystore.location":       {"ssl.keystore.location": data("server.jks"), "ssl.keystore.password": "wrongpass"},
		"ssl.key.password":            {"ssl.keystore.location": data("server.jks"), "ssl.keystore.password": "storepass", "ssl.key.password": "wrongpass"},
		"ssl.keystore.type":           {"ssl.keystore.location": data("server.p12"), "ssl.keystore.type": "BCFKS"},
		"ssl.keystore.password":       {"ssl.keystore.location": data("server.pem"), "ssl.keystore.type": "PEM", "ssl.keystore.password": "wrongpass"},
		"ssl.keystore.key":            {"ssl.keystore.key": text(t, "encrypted.key.pem"), "ssl.keystore.certificate.chain": text(t, "server.crt.pem"), "ssl.keystore.type": "PEM"},
		"ssl.truststore.location":     {"ssl.truststore.location": data("server.p12") + "x"},
		"not marked as trusted":       {"ssl.truststore.location": data("openssl-trust.p12"), "ssl.truststore.password": "storepass"},
		"ssl.truststore.certificates": {"ssl.truststore.certificates": "nothing", "ssl.truststore.type": "PEM"},
		"ssl.enabled.protocols":       {"ssl.enabled.protocols": "SSLv3"},
		"ssl.cipher.suites":           {"ssl.cipher.suites": "TLS_RSA_WITH_RC4_128_SHA"},
		"ssl.client.auth":             {"ssl.keystore.location": data("server.pem"), "ssl.keystore.type": "PEM", "ssl.client.auth": "maybe"},
	} {
		_, err := tlsconfig.Server(values, "p.")
		if err == nil || !strings.Contains(err.Error(), key) || strings.Contains(err.Error(), "wrongpass") {
			t.Errorf("%s: %v", key, err)
		}
	}
}

func FuzzStore(f *testing.F) {
	// Not PKCS12: a file may ask for any number of rounds to make a key.
	for _, name := range []string{"server.jks", "trust.jks", "server.pem"} {
		b, err := os.ReadFile(data(name))
		if err != nil {
			f.Fatal(err)
		}
		f.Add(b)
	}
	f.Fuzz(func(t *testing.T, content []byte) {
		if !bytes.HasPrefix(content, []byte{0xfe, 0xed, 0xfe, 0xed}) && !bytes.HasPrefix(content, []byte("-----")) {
			return
		}
		path := filepath.Join(t.TempDir(), "store")
		if err := os.WriteFile(path, content, 0o600); err != nil {
			t.Fatal(err)
		}
		for _, kind := range []string{"JKS", "PEM"} {
			s := tlsconfig.Store{Prefix: "s.", Type: kind, Location: path}
			if kind == "JKS" {
				s.Password = "storepass"
			}
			if kind == "JKS" && content[0] == '-' {
				continue
			}
			if cert, err := s.Identity(); err == nil && len(cert.Certificate) == 0 {
				t.Error("an identity without a certificate")
			}
			if certs, err := s.Trusted(); err == nil && len(certs) == 0 {
				t.Error("a trust store without a certificate")
			}
		}
	})
}
