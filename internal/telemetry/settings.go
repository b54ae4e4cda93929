package telemetry

import (
	"time"

	"sluice/connect/config"
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
	return config.Def{
		{Name: "metrics.num.samples", Type: config.Int, Default: int32(2), Validator: config.AtLeast(1)},
		{Name: "metrics.sample.window.ms", Type: config.Long, Default: int64(30_000), Validator: config.AtLeast(1)},
		{Name: StallKey, Type: config.Long, Default: int64(300_000), Validator: config.AtLeast(0)},
	}
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
