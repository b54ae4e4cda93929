package kafka

import (
	"math/rand/v2"
	"net"
	"strconv"
	"strings"
	"time"

	"github.com/twmb/franz-go/pkg/kgo"
)

const (
	defaultBackoff    = 100 * time.Millisecond // Java's, as the next
	defaultBackoffMax = time.Second
)

// common sets what every client has.
func (b *builder) common() {
	b.servers()
	if id := str(b, "client.id"); id != "" {
		b.add(kgo.ClientID(id))
	}
	if ms, ok := get[int64](b, "connections.max.idle.ms"); ok {
		if ms < 0 {
			ms = time.Hour.Milliseconds() // never, in Java
		}
		b.add(kgo.ConnIdleTimeout(msDuration(hold(b, "connections.max.idle.ms", ms, 100, (15 * time.Minute).Milliseconds()))))
	}
	// Metadata is asked for again at once after an error, but not more often
	// than this; the library's 5 s would delay every topic that is new.
	age, least := millis(b, "metadata.max.age.ms", 5*time.Minute), 250*time.Millisecond
	if ms, ok := get[int64](b, "metadata.max.age.ms"); ok {
		age = msDuration(hold(b, "metadata.max.age.ms", ms, 10, time.Hour.Milliseconds()))
		least = min(least, age)
	}
	b.add(kgo.MetadataMaxAge(age), kgo.MetadataMinAge(least))

	overhead := 10 * time.Second // in addition to the time that a request itself allows
	if ms, ok := get[int64](b, "request.timeout.ms"); ok {
		overhead = msDuration(hold(b, "request.timeout.ms", ms, 100, (15 * time.Minute).Milliseconds()))
	}
	b.add(kgo.RequestTimeoutOverhead(overhead))
	b.add(kgo.RetryBackoffFn(backoff(
		millis(b, "retry.backoff.ms", defaultBackoff),
		millis(b, "retry.backoff.max.ms", defaultBackoffMax),
	)))
	// Unset: on for producers and consumers, off for admin clients, as in Java.
	if !boolean(b, "enable.metrics.push", b.role != AdminRole) {
		b.add(kgo.DisableClientMetrics())
	}
	b.connections()
}

func (b *builder) servers() {
	if _, bad := b.text[bootstrapServers]; bad && b.val[bootstrapServers] == nil {
		return // reported
	}
	servers, _ := get[[]string](b, bootstrapServers)
	if len(servers) == 0 {
		b.wrong(bootstrapServers, "give the host:port of one broker or more, separated by commas")
		return
	}
	for i, s := range servers {
		// Java allows a listener's name before the address.
		if _, rest, ok := strings.Cut(s, "://"); ok {
			servers[i] = rest
		}
		host, port, err := net.SplitHostPort(servers[i])
		if err != nil || host == "" || !isPort(port) {
			b.wrong(bootstrapServers, "give host:port for each broker, separated by commas; "+s+" is not that")
			return
		}
	}
	b.add(kgo.SeedBrokers(servers...))
	if str(b, "metadata.recovery.strategy") != "none" {
		b.add(kgo.OnRebootstrapRequired(func() ([]string, error) { return servers, nil }))
	}
}

func isPort(s string) bool {
	n, err := strconv.ParseUint(s, 10, 16)
	return err == nil && n > 0
}

// backoff doubles from least to most, with a fifth of jitter either way, as
// KIP-580 has it. It is constant where least is above most.
func backoff(least, most time.Duration) func(int) time.Duration {
	return func(fails int) time.Duration {
		d := least
		for i := 1; i < fails && d < most && d > 0; i++ {
			d *= 2
		}
		if least <= most {
			d = min(d, most)
		}
		return time.Duration(float64(d) * (0.8 + 0.4*rand.Float64()))
	}
}
