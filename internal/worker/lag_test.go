package worker

import (
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"sluice/internal/telemetry"
)

type left int64

func (l *left) Lag() (int64, bool) { return int64(*l), true }

func TestLagIsAskedSeldom(t *testing.T) {
	t.Parallel()
	m := telemetry.NewMetrics(telemetry.MetricsConfig{})
	of := left(7)
	l := lag{of: &of, metrics: m.Task("c", 0, telemetry.Source)}
	expect := func(value string) {
		t.Helper()
		w := httptest.NewRecorder()
		m.Handler().ServeHTTP(w, httptest.NewRequest(http.MethodGet, "/metrics", nil))
		if series := `sluice_source_lag{connector="c",task="0"} ` + value + "\n"; !strings.Contains(w.Body.String(), series) {
			t.Errorf("no %q among the metrics", series)
		}
	}
	now := time.Unix(1, 0)
	l.measure(now)
	expect("7")
	of = 3
	l.measure(now.Add(lagInterval - 1))
	expect("7")
	l.measure(now.Add(lagInterval))
	expect("3")
}
