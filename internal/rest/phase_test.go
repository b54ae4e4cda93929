package rest

import (
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"testing/synctest"
	"time"
)

// TestPhase asks a worker whose start takes long: a request waits, but not for ever.
func TestPhase(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		p := newPhase()
		began := time.Now()
		w := httptest.NewRecorder()
		p.ServeHTTP(w, httptest.NewRequestWithContext(t.Context(), http.MethodGet, "/connectors", http.NoBody))
		if waited := time.Since(began); w.Code != http.StatusServiceUnavailable || waited != startWait || !strings.Contains(w.Body.String(), "still starting up") {
			t.Errorf("after %s: %d %s", waited, w.Code, w.Body)
		}
		go func() {
			time.Sleep(startWait / 2)
			p.serve(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) { w.WriteHeader(http.StatusTeapot) }))
		}()
		w = httptest.NewRecorder()
		p.ServeHTTP(w, httptest.NewRequestWithContext(t.Context(), http.MethodGet, "/connectors", http.NoBody))
		if w.Code != http.StatusTeapot {
			t.Errorf("a request that waited: %d %s", w.Code, w.Body)
		}
	})
}
