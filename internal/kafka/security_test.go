package kafka

import (
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/tls"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/pem"
	"errors"
	"maps"
	"math/big"
	"net"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/twmb/franz-go/pkg/kfake"
	"github.com/twmb/franz-go/pkg/kgo"

	"sluice/tlsconfig"
)

// certificate makes one that signs itself, as PEM: certificate, key.
func certificate(t *testing.T, host string) (string, string) {
	t.Helper()
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	template := &x509.Certificate{
		SerialNumber: big.NewInt(1), Subject: pkix.Name{CommonName: host}, IsCA: true, BasicConstraintsValid: true,
		NotBefore: time.Now().Add(-time.Hour), NotAfter: time.Now().Add(time.Hour),
		KeyUsage:    x509.KeyUsageDigitalSignature | x509.KeyUsageCertSign,
		ExtKeyUsage: []x509.ExtKeyUsage{x509.ExtKeyUsageServerAuth, x509.ExtKeyUsageClientAuth},
	}
	if ip := net.ParseIP(host); ip != nil {
		template.IPAddresses = []net.IP{ip}
	} else {
		template.DNSNames = []string{host}
	}
	der, err := x509.CreateCertificate(rand.Reader, template, template, &key.PublicKey, key)
	if err != nil {
		t.Fatal(err)
	}
	pkcs8, err := x509.MarshalPKCS8PrivateKey(key)
	if err != nil {
		t.Fatal(err)
	}
	return string(pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: der})),
		string(pem.EncodeToMemory(&pem.Block{Type: "PRIVATE KEY", Bytes: pkcs8}))
}

func write(t *testing.T, content string) string {
	t.Helper()
	path := filepath.Join(t.TempDir(), "store.pem")
	if err := os.WriteFile(path, []byte(content), 0o600); err != nil {
		t.Fatal(err)
	}
	return path
}

func fakeCluster(t *testing.T, opts ...kfake.Opt) string {
	t.Helper()
	c, err := kfake.NewCluster(append(opts, kfake.NumBrokers(1))...)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(c.Close)
	return c.ListenAddrs()[0]
}

func ping(t *testing.T, set map[string]string) error {
	t.Helper()
	cl, err := NewClient(Settings{AdminRole, set}, nil, kgo.RequestRetries(0))
	if err != nil {
		t.Fatal(err)
	}
	defer cl.Close()
	return cl.Ping(deadline(t))
}

func TestTLS(t *testing.T) {
	t.Parallel()
	right, rightKey := certificate(t, "127.0.0.1")
	elsewhere, elsewhereKey := certificate(t, "kafka.example.com")
	mine, myKey := certificate(t, "client")
	broker := func(cert, key string) string {
		pair, err := tls.X509KeyPair([]byte(cert), []byte(key))
		if err != nil {
			t.Fatal(err)
		}
		pool := x509.NewCertPool()
		pool.AppendCertsFromPEM([]byte(mine))
		return fakeCluster(t, kfake.TLS(&tls.Config{Certificates: []tls.Certificate{pair}, ClientCAs: pool, ClientAuth: tls.RequireAndVerifyClientCert, MinVersion: tls.VersionTLS12}))
	}
	good, misnamed := broker(right, rightKey), broker(elsewhere, elsewhereKey)

	tests := []struct {
		name string
		set  map[string]string
		want string // in the error; empty for none
	}{
		{"stores in the settings", map[string]string{
			"bootstrap.servers": good, "ssl.truststore.type": "PEM", "ssl.truststore.certificates": right,
			"ssl.keystore.type": "PEM", "ssl.keystore.key": myKey, "ssl.keystore.certificate.chain": mine,
		}, ""},
		{"stores in files, one old version", map[string]string{
			"bootstrap.servers": good, "ssl.truststore.type": "PEM", "ssl.truststore.location": write(t, right),
			"ssl.keystore.type": "PEM", "ssl.keystore.location": write(t, myKey+mine), "ssl.enabled.protocols": "TLSv1.2",
		}, ""},
		{"other trust", map[string]string{
			"bootstrap.servers": good, "ssl.truststore.type": "PEM", "ssl.truststore.certificates": elsewhere,
			"ssl.keystore.type": "PEM", "ssl.keystore.key": myKey, "ssl.keystore.certificate.chain": mine,
		}, "certificate"},
		{"no certificate of ours", map[string]string{
			"bootstrap.servers": good, "ssl.truststore.type": "PEM", "ssl.truststore.certificates": right,
		}, "certificate required"},
		{"other host", map[string]string{
			"bootstrap.servers": misnamed, "ssl.truststore.type": "PEM", "ssl.truststore.certificates": elsewhere,
			"ssl.keystore.type": "PEM", "ssl.keystore.key": myKey, "ssl.keystore.certificate.chain": mine,
		}, "127.0.0.1"},
		{"any host", map[string]string{
			"bootstrap.servers": misnamed, "ssl.truststore.type": "PEM", "ssl.truststore.certificates": elsewhere,
			"ssl.keystore.type": "PEM", "ssl.keystore.key": myKey, "ssl.keystore.certificate.chain": mine,
			"ssl.endpoint.identification.algorithm": "",
		}, ""},
		{"any host, other trust", map[string]string{
			"bootstrap.servers": misnamed, "ssl.truststore.type": "PEM", "ssl.truststore.certificates": right,
			"ssl.keystore.type": "PEM", "ssl.keystore.key": myKey, "ssl.keystore.certificate.chain": mine,
			"ssl.endpoint.identification.algorithm": "",
		}, "certificate"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			tt.set["security.protocol"] = "ssl"
			err := ping(t, tt.set)
			if tt.want == "" && err != nil || tt.want != "" && (err == nil || !strings.Contains(err.Error(), tt.want)) {
				t.Errorf("got %v, want %q", err, tt.want)
			}
		})
	}
}

// TestJavaStores talks TLS both ways with stores that keytool made.
func TestJavaStores(t *testing.T) {
	t.Parallel()
	const dir = "../../tlsconfig/testdata/"
	identity, err := tlsconfig.Store{Location: dir + "identity.p12", Password: "storepw"}.Identity()
	if err != nil {
		t.Fatal(err)
	}
	text, err := os.ReadFile(dir + "cert.pem")
	if err != nil {
		t.Fatal(err)
	}
	pool := x509.NewCertPool()
	pool.AppendCertsFromPEM(text)
	broker := fakeCluster(t, kfake.TLS(&tls.Config{Certificates: []tls.Certificate{identity}, ClientCAs: pool, ClientAuth: tls.RequireAndVerifyClientCert, MinVersion: tls.VersionTLS12}))
	for name, set := range map[string]map[string]string{
		"JKS": {
			"ssl.truststore.location": dir + "trust.jks", "ssl.truststore.password": "trustpw",
			"ssl.keystore.location": dir + "identity.jks", "ssl.keystore.password": "storepw", "ssl.key.password": "keypass",
		},
		"PKCS12": {
			"ssl.truststore.location": dir + "trust.p12", "ssl.truststore.password": "trustpw", "ssl.truststore.type": "PKCS12",
			"ssl.keystore.location": dir + "identity.p12", "ssl.keystore.password": "storepw", "ssl.keystore.type": "PKCS12",
		},
		"PEM with an encrypted key": {
			"ssl.truststore.location": dir + "cert.pem", "ssl.truststore.type": "PEM",
			"ssl.keystore.location": dir + "identity-encrypted.pem", "ssl.keystore.type": "PEM", "ssl.key.password": "pempw",
		},
	} {
		maps.Copy(set, map[string]string{"security.protocol": "SSL", "bootstrap.servers": broker})
		if err := ping(t, set); err != nil {
			t.Errorf("%s: %v", name, err)
		}
	}
}

func TestStoresThatDoNotWork(t *testing.T) {
	t.Parallel()
	cert, key := certificate(t, "x")
	_, otherKey := certificate(t, "y")
	sealed := string(pem.EncodeToMemory(&pem.Block{Type: "ENCRYPTED PRIVATE KEY", Bytes: []byte{1}}))
	for _, tt := range []struct {
		set   map[string]string
		key   string
		right string
	}{
		{map[string]string{"ssl.keystore.key": key}, "ssl.keystore.certificate.chain", "give the certificates"},
		{map[string]string{"ssl.keystore.certificate.chain": cert}, "ssl.keystore.key", "give the private key"},
		{map[string]string{"ssl.keystore.key": otherKey, "ssl.keystore.certificate.chain": cert}, "ssl.keystore.key", "belong to it"},
		{map[string]string{"ssl.keystore.key": sealed, "ssl.keystore.certificate.chain": cert}, "ssl.keystore.key", "give its password"},
		{map[string]string{"ssl.keystore.location": write(t, "no pem")}, "ssl.keystore.location", "belong to it"},
		{map[string]string{"ssl.truststore.certificates": "no pem"}, "ssl.truststore.certificates", "CERTIFICATE block"},
		{map[string]string{"ssl.truststore.certificates": cert, "ssl.truststore.password": "p"}, "ssl.truststore.password", "no password"},
	} {
		set := with("security.protocol", "SSL", "ssl.keystore.type", "PEM", "ssl.truststore.type", "PEM")
		maps.Copy(set, tt.set)
		_, err := Settings{AdminRole, set}.Plan()
		var wrong *ValueError
		if !errors.As(err, &wrong) || wrong.Key != tt.key || !strings.Contains(wrong.Right, tt.right) {
			t.Errorf("%s: %v", tt.key, err)
		}
	}
}

func TestSASL(t *testing.T) {
	t.Parallel()
	addr := fakeCluster(t, kfake.EnableSASL(),
		kfake.Superuser("PLAIN", "p", `s"e c;ret`), kfake.Superuser("SCRAM-SHA-256", "s2", "pw2"), kfake.Superuser("SCRAM-SHA-512", "s5", "pw5"))
	for _, tt := range []struct {
		mechanism, jaas string
		ok              bool
	}{
		{"PLAIN", plainModule + ` required username="p" password="s\"e c;ret";`, true},
		{"PLAIN", plainModule + ` required username="p" password="wrong";`, false},
		{"SCRAM-SHA-256", scramModule + " required\n  username=s2\n  password='pw2' ;", true},
		{"SCRAM-SHA-512", scramModule + ` required username="s5" password="pw5";`, true},
		{"SCRAM-SHA-512", scramModule + ` required username="s5" password="pw2";`, false},
	} {
		err := ping(t, map[string]string{"bootstrap.servers": addr, "security.protocol": "SASL_PLAINTEXT", "sasl.mechanism": tt.mechanism, "sasl.jaas.config": tt.jaas})
		if (err == nil) != tt.ok {
			t.Errorf("%s %s: %v", tt.mechanism, tt.jaas, err)
		}
	}
}

func TestSASLErrorsHideTheSecret(t *testing.T) {
	t.Parallel()
	for _, jaas := range []string{
		"", "geheim", plainModule + ` required username="u" password="geheim"`, plainModule + ` required username="u" password="geheim;`,
		plainModule + ` needed username="u" password="geheim";`, scramModule + ` required username="u" password="geheim";`,
		plainModule + ` required password="geheim";`, plainModule + ` required geheim;`,
		plainModule + ` required username="u" password="geheim"; ` + plainModule + ` required;`,
	} {
		_, err := Settings{AdminRole, with("security.protocol", "SASL_PLAINTEXT", "sasl.mechanism", "PLAIN", "sasl.jaas.config", jaas)}.Plan()
		var wrong *ValueError
		if !errors.As(err, &wrong) || wrong.Key != "sasl.jaas.config" || wrong.Value != hidden || strings.Contains(err.Error(), "geheim") {
			t.Errorf("%q: %v", jaas, err)
		}
	}
}
