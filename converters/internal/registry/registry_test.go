package registry_test

import (
	"encoding/pem"
	"maps"
	"net/http"
	"net/http/httptest"
	"sync"
	"testing"

	"github.com/twmb/franz-go/pkg/sr"

	"sluice/connect/config"
	"sluice/converters/internal/registry"
	"sluice/converters/internal/registrytest"
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
	r := registrytest.New(t, nil)
	srv := httptest.NewTLSServer(r.Handler())
	t.Cleanup(srv.Close)
	cert := string(pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: srv.Certificate().Raw}))
	trusted, err := open(t, registry.NewPool(), config.Map{"schema.registry.url": srv.URL, "schema.registry.ssl.truststore.certificates": cert})
	if err != nil {
		t.Fatal(err)
	}
	if _, err := trusted.Target("t", "", text, nil); err != nil {
		t.Errorf("the certificate is not trusted: %s", registrytest.Chain(err))
	}
	stranger, err := open(t, registry.NewPool(), config.Map{"schema.registry.url": srv.URL})
	if err != nil {
		t.Fatal(err)
	}
	if _, err := stranger.Target("t", "", text, nil); err == nil {
		t.Error("a certificate that nobody trusts is trusted")
	}
	if _, err := open(t, registry.NewPool(), config.Map{"schema.registry.url": srv.URL, "schema.registry.ssl.truststore.certificates": "none"}); err == nil {
		t.Error("a text without a certificate was accepted")
	}
}
