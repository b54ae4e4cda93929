package worker

import (
	"time"

	"sluice/connect"
	"sluice/internal/telemetry"
)

// lagInterval is how often a source task is asked for its lag: the answer may cost
// a system call.
const lagInterval = time.Second

// lag asks a source task how much it has not read yet.
type lag struct {
	of      connect.Lagger // nil where the task does not know
	metrics *telemetry.Task
	asked   time.Time
}

func (l *lag) measure(now time.Time) {
	if l.of == nil || now.Sub(l.asked) < lagInterval {
		return
	}
	l.asked = now
	l.metrics.Left(l.of.Lag())
}
