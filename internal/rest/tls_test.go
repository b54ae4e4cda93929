package rest_test

import (
	"context"
	"io"
	"log/slog"
	"net/http"
	"strings"
	"testing"

	"sluice/connect/config"
	"sluice/internal/rest"
	"sluice/tlsconfig"
)

// A worker with https answers, gives https locations, and forwards to a worker
// with https with its own certificate.
func TestTLSListeners(t *testing.T) {
	t.Parallel()
	const stores = "../../tlsconfig/testdata/server/"
	settings := config.Map{
		"listeners": "https://127.0.0.1:0", "ssl.client.auth": "required",
		"ssl.keystore.location": stores + "server.jks", "ssl.keystore.password": "storepass", "ssl.key.password": "keypass",
		"ssl.truststore.location": stores + "trust.jks", "ssl.truststore.password": "storepass",
	}
	run := func(h *follower) *rest.Server {
		s, err := rest.Listen(t.Context(), settings)
		if err != nil {
			t.Fatal(err)
		}
		ended := make(chan error, 1)
		go func() { ended <- s.Serve(rest.Config{Herder: h, Log: slog.New(slog.DiscardHandler)}) }()
		t.Cleanup(func() {
			if err := s.Shutdown(context.WithoutCancel(t.Context())); err != nil {
				t.Error(err)
			}
			if err := <-ended; err != nil {
				t.Error(err)
			}
		})
		return s
	}
	url, got := otherWorker(t, 201, `{"name":"c"}`) // at the end of the way, without TLS
	last := run(&follower{leader: url})
	first := run(&follower{leader: last.URL})
	if !strings.HasPrefix(first.URL, "https://127.0.0.1:") {
		t.Errorf("advertised as %s", first.URL)
	}
	client, err := tlsconfig.Client(settings, "")
	if err != nil {
		t.Fatal(err)
	}
	transport := &http.Transport{TLSClientConfig: client, DisableKeepAlives: true}
	req, err := http.NewRequestWithContext(t.Context(), http.MethodPost, first.URL+"connectors", strings.NewReader(`{"name":"c","config":{"connector.class":"X"}}`))
	if err != nil {
		t.Fatal(err)
	}
	req.Header.Set("Content-Type", "application/json")
	res, err := transport.RoundTrip(req)
	if err != nil {
		t.Fatal(err)
	}
	body, err := io.ReadAll(res.Body)
	_ = res.Body.Close()
	if err != nil || res.StatusCode != http.StatusCreated || res.Header.Get("Location") != first.URL+"connectors/c" {
		t.Errorf("%d %s %v, Location %s", res.StatusCode, body, err, res.Header.Get("Location"))
	}
	if got.line != "POST /connectors?forward=false" {
		t.Errorf("the last worker got %q", got.line)
	}
	client.Certificates = nil
	if res, err := transport.RoundTrip(req.Clone(t.Context())); err == nil {
		_ = res.Body.Close()
		t.Error("a client without a certificate came in")
	}
}
