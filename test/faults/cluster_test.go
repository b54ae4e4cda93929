//go:build integration

package faults

import (
	"context"
	"fmt"
	"maps"
	"net"
	"net/http"
	"os"
	"path/filepath"
	"strconv"
	"testing"
	"time"

	kafkatest "sluice/test/kafka"
	"sluice/test/ports"
)

// wait bounds every wait for something to come right again.
const wait = 2 * time.Minute

// node is a worker's process, ours or Java's.
type node interface {
	Kill()
	Stop(t testing.TB)
	Freeze(t testing.TB)
	Thaw(t testing.TB)
}

// cluster is a broker behind a proxy, and the workers that reach it.
type cluster struct {
	t       *testing.T
	proxy   *proxy
	broker  string // the name of its process
	port    int
	props   map[string]string
	kinds   kinds
	urls    []string // of the REST API of each worker, which is the same after a restart
	workers []node
	slowest time.Duration // orderly stop of a worker of ours

	data  *disk // of the broker; nil where small disks cannot be had
	files *disk // of the sinks, likewise
}

// startCluster starts the broker, the proxy, and the workers of one group.
func startCluster(t *testing.T, p plan) *cluster {
	t.Helper()
	c := &cluster{t: t, kinds: p.kinds}
	var err error
	if c.port, err = ports.Free(t.Context(), 2); err != nil { // the controller takes the second
		t.Fatal(err)
	}
	c.broker = "faults-broker-" + strconv.Itoa(c.port)
	if c.proxy, err = startProxy(context.WithoutCancel(t.Context()), 0, fmt.Sprintf("127.0.0.1:%d", c.port)); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(c.proxy.close)
	// All helpers of kafkatest reach the broker through the proxy then.
	t.Setenv("SLUICE_TEST_BOOTSTRAP", c.proxy.address())
	c.mountDisks(p.during)
	c.startBroker(kafkatest.Guarded)
	c.props = kafkatest.DistributedProps(t, "faults-"+strconv.Itoa(c.port))
	c.props["session.timeout.ms"], c.props["heartbeat.interval.ms"] = "6000", "2000"
	if p.exactlyOnce {
		c.props["exactly.once.source.support"] = "enabled"
	}
	for range p.workers {
		c.urls = append(c.urls, fmt.Sprintf("http://127.0.0.1:%d", kafkatest.FreePort(t)))
		c.workers = append(c.workers, nil)
	}
	for i := range p.workers {
		c.start(i)
	}
	return c
}

// mountDisks puts the broker's data, and the sinks' files, on small disks.
func (c *cluster) mountDisks(during time.Duration) {
	c.t.Helper()
	const lines, bytes = 4 * linesPerSec, 60 // a second, all pairs together; of a line, with what repeats and what Kafka adds
	grow := int64(during.Seconds()) * lines * bytes
	if c.data = newDisk(c.t, 256<<20+grow); c.data == nil {
		return
	}
	c.files = newDisk(c.t, 32<<20+grow)
	link, err := kafkatest.Run(c.t.Context(), "data", c.broker)
	if err != nil {
		c.t.Fatal(err)
	}
	for _, err := range []error{os.MkdirAll(filepath.Dir(link), 0o750), os.Mkdir(filepath.Join(c.data.path, "data"), 0o750), os.Symlink(filepath.Join(c.data.path, "data"), link)} {
		if err != nil {
			c.t.Fatal(err)
		}
	}
	// Runs before the disks are taken away.
	c.t.Cleanup(func() { _, _ = kafkatest.Run(context.WithoutCancel(c.t.Context()), "kill", c.broker) })
}

func (c *cluster) startBroker(run func(ctx context.Context, name string, args ...string) error) {
	c.t.Helper()
	_, advertised, err := net.SplitHostPort(c.proxy.address())
	if err != nil {
		c.t.Fatal(err)
	}
	if err := run(context.WithoutCancel(c.t.Context()), c.broker, "broker", "start", c.broker, strconv.Itoa(c.port), advertised); err != nil {
		c.t.Fatal(err)
	}
}

// restartBroker kills the broker, or ends it in order, and starts it on its data
// after the pause.
func (c *cluster) restartBroker(verb string, pause time.Duration) {
	c.t.Helper()
	if _, err := kafkatest.Run(c.t.Context(), verb, c.broker); err != nil {
		c.t.Fatal(err)
	}
	time.Sleep(pause) // the outage is the fault
	c.startBroker(restart)
}

// restart runs a verb of the script as kafkatest.Guarded does, for what has a
// guard already.
func restart(ctx context.Context, _ string, args ...string) error {
	_, err := kafkatest.Run(ctx, args...)
	return err
}

func (c *cluster) fill(d *disk) {
	c.t.Helper()
	if err := d.fill(); err != nil {
		c.t.Fatal(err)
	}
}

func (c *cluster) free(d *disk) {
	c.t.Helper()
	if err := d.free(); err != nil {
		c.t.Fatal(err)
	}
}

// start starts worker i, which runs nowhere.
func (c *cluster) start(i int) {
	c.t.Helper()
	props := map[string]string{"listeners": c.urls[i]}
	maps.Copy(props, c.props)
	if c.kinds.java(i) {
		c.workers[i] = kafkatest.JavaConnect(c.t, props)
		return
	}
	c.workers[i] = kafkatest.Distributed(c.t, props)
}

// stop ends worker i in order; another exit code than 0 fails the test.
func (c *cluster) stop(i int) {
	c.t.Helper()
	began := time.Now()
	c.workers[i].Stop(c.t)
	if !c.kinds.java(i) {
		c.slowest = max(c.slowest, time.Since(began))
	}
}

// freeze stops worker i for d, as a long pause of its machine does.
func (c *cluster) freeze(i int, d time.Duration) {
	c.t.Helper()
	c.workers[i].Freeze(c.t)
	time.Sleep(d) // the pause is the fault
	c.workers[i].Thaw(c.t)
}

// goroutines returns how many each of our workers has.
func (c *cluster) goroutines() ([]float64, error) { return c.metrics("go_goroutines") }

// memory returns the resident bytes of each of our workers.
func (c *cluster) memory() ([]float64, error) { return c.metrics("process_resident_memory_bytes") }

func (c *cluster) metrics(name string) ([]float64, error) {
	var out []float64
	for i, url := range c.urls {
		if c.kinds.java(i) {
			continue
		}
		v, err := kafkatest.Metrics(c.t.Context(), url, name)
		if err != nil {
			return nil, err
		}
		out = append(out, v...)
	}
	return out, nil
}

// answers waits until every worker answers.
func (c *cluster) answers() {
	c.t.Helper()
	for _, url := range c.urls {
		kafkatest.Do(c.t, http.MethodGet, url+"/connectors", nil)
	}
}
