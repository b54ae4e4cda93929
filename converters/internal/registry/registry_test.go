package registry_test

import (
	"crypto/tls"
	"crypto/x509"
	"maps"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"

	"github.com/twmb/franz-go/pkg/sr"

	"sluice/connect/config"
	"sluice/converters/internal/registry"
	"sluice/converters/internal/registrytest"
	"sluice/tlsconfig"
)

func open(t *testing.T, p *registry.Pool, cfg config.Map) (*registry.Session, error) {
	t.Helper()
	all := config.Map{"max.retries": "0"}
	maps.Copy(all, cfg)
	_, set, err := registry.Parse[struct{}](registry.Def(nil), all)
	if err != nil {
		return nil, err
	}
	return p.Open(set, &registry.Words{Format: "Avro", Write: "%s", WriteLater: "%s", Read: "%s", ReadLater: "%s"}, false)
}

var text = registry.Schema{Type: sr.TypeAvro, Text: `"string"`}

// TestConvertersShareWhatTheyLearn holds that the registry is asked once for all
// converters of a pool with the same settings, from many goroutines.
func TestConvertersShareWhatTheyLearn(t *testing.T) {
	t.Parallel()
	r := registrytest.New(t, nil)
	pool := registry.NewPool()
	sessions := make([]*registry.Session, 8)
	for i := range sessions {
		s, err := open(t, pool, config.Map{"schema.registry.url": r.URL()})
		if err != nil {
			t.Fatal(err)
		}
		sessions[i] = s
	}
	if _, err := sessions[0].Target("t", "", text, nil); err != nil {
		t.Fatal(err)
	}
	var wg sync.WaitGroup
	for _, s := range sessions {
		wg.Go(func() {
			if _, err := s.Target("t", "", text, nil); err != nil {
				t.Error(err)
			}
		})
	}
	wg.Wait()
	if got := r.Requests(); len(got) != 1 {
		t.Errorf("the registry was asked %v", got)
	}
	other, err := open(t, pool, config.Map{"schema.registry.url": r.URL(), "basic.auth.credentials.source": "USER_INFO", "basic.auth.user.info": "a:b"})
	if err != nil {
		t.Fatal(err)
	}
	if _, err := other.Target("t", "", text, nil); err != nil {
		t.Fatal(err)
	}
	if got := r.Requests(); len(got) != 2 {
		t.Errorf("other credentials share a client: %v", got)
	}
}

func TestRequestsCarryWhatIsSet(t *testing.T) {
	t.Parallel()
	r := registrytest.New(t, nil)
	var got http.Header
	var query string
	r.Refuse(func(req *http.Request) (int, int, string) {
		got, query = req.Header, req.URL.RawQuery
		return 0, 0, ""
	})
	s, err := open(t, registry.NewPool(), config.Map{
		"schema.registry.url": r.URL(), "request.header.X-Team": "blue", "normalize.schemas": "true",
		"bearer.auth.credentials.source": "STATIC_TOKEN", "schema.registry.bearer.auth.token": "token",
	})
	if err != nil {
		t.Fatal(err)
	}
	if _, err := s.Target("t", "", text, nil); err != nil {
		t.Fatal(err)
	}
	if got.Get("X-Team") != "blue" || got.Get("Authorization") != "Bearer token" || query != "normalize=true" {
		t.Errorf("sent %v with the query %s", got, query)
	}
}

func TestTLS(t *testing.T) {
	t.Parallel()
	stores := filepath.Join("..", "..", "..", "tlsconfig", "testdata", "server")
	file := func(name string) string { return filepath.Join(stores, name) }
	pair, err := tls.LoadX509KeyPair(file("server.pem"), file("server.pem"))
	if err != nil {
		t.Fatal(err)
	}
	identity := config.Map{"location": file("client.p12"), "password": "storepass"}
	clients := x509.NewCertPool()
	cert, err := tlsconfig.Store{Location: file("client.p12"), Password: "storepass"}.Identity()
	if err != nil {
		t.Fatal(err)
	}
	own, err := x509.ParseCertificate(cert.Certificate[0])
	if err != nil {
		t.Fatal(err)
	}
	clients.AddCert(own)
	srv := httptest.NewUnstartedServer(registrytest.New(t, nil).Handler())
	srv.TLS = &tls.Config{MinVersion: tls.VersionTLS12, Certificates: []tls.Certificate{pair}, ClientCAs: clients, ClientAuth: tls.RequireAndVerifyClientCert}
	srv.StartTLS()
	t.Cleanup(srv.Close)
	trusted, err := os.ReadFile(file("server.crt.pem"))
	if err != nil {
		t.Fatal(err)
	}
	for name, tt := range map[string]struct {
		key, trust config.Map
		ok, bad    bool // the registry is asked; the configuration is refused
	}{
		"jks":          {identity, config.Map{"location": file("trust.jks"), "password": "storepass"}, true, false},
		"pkcs12":       {identity, config.Map{"location": file("trust.p12"), "password": "storepass", "type": "PKCS12"}, true, false},
		"pem text":     {identity, config.Map{"certificates": string(trusted), "type": "PEM"}, true, false},
		"not trusted":  {identity, nil, false, false},
		"no key":       {nil, config.Map{"location": file("trust.jks")}, false, false},
		"wrong secret": {config.Map{"location": file("client.p12"), "password": "geheim"}, nil, false, true},
		"no PEM":       {nil, config.Map{"certificates": "none", "type": "PEM"}, false, true},
	} {
		cfg := config.Map{"schema.registry.url": srv.URL}
		for key, value := range tt.key {
			cfg["schema.registry.ssl.keystore."+key] = value
		}
		for key, value := range tt.trust {
			cfg["schema.registry.ssl.truststore."+key] = value
		}
		s, err := open(t, registry.NewPool(), cfg)
		if (err != nil) != tt.bad || err != nil && (strings.Contains(err.Error(), "geheim") || !strings.Contains(err.Error(), "schema.registry.ssl.")) {
			t.Errorf("%s: %v", name, err)
		}
		if err != nil {
			continue
		}
		if _, err := s.Target("t", "", text, nil); (err == nil) != tt.ok {
			t.Errorf("%s: %v", name, err)
		}
	}
}
