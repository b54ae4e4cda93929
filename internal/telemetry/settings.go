package telemetry

import (
	"time"

	"sluice/connect/config"
	"sluice/internal/setting"
)

// StallKey is the property of the worker that says after how many milliseconds
// without movement a running task with records to move counts as stalled; 0 is
// never. Java has no such key.
const StallKey = "task.stall.timeout.ms"

type metricsValues struct {
	Samples int           `config:"metrics.num.samples"`
	Window  time.Duration `config:"metrics.sample.window.ms"`
	Stall   time.Duration `config:"task.stall.timeout.ms"`
}

func metricsDef() config.Def {
	return setting.Keys(
		"metrics.num.samples", "metrics.sample.window.ms", StallKey,
	)
}

// ReadMetrics reads the properties of a worker that steer its metrics. The
// error names the key.
func ReadMetrics(worker config.Map) (MetricsConfig, error) {
	v, err := config.Decode[metricsValues](metricsDef(), worker)
	if err != nil {
		return MetricsConfig{}, err
	}
	return MetricsConfig{Windows: Windows{Samples: v.Samples, Length: v.Window}, Stall: v.Stall}, nil
}
