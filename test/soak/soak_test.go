//go:build integration

package soak

import (
	"context"
	"fmt"
	"math/rand/v2"
	"net/http"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	kafkatest "sluice/test/kafka"
)

const (
	clients = 4 // that change connectors at the same time
	slots   = 8 // connectors of each client
	spacing = 200 * time.Millisecond
	wait    = time.Minute // bounds every wait
)

// TestSoak changes connectors at random, and then compares the last quarter of the
// time with the second one. After all are deleted, no goroutine and no file may be
// left of them.
func TestSoak(t *testing.T) {
	during := 2 * time.Minute
	var err error
	if s := os.Getenv("SOAK_TIME"); s != "" {
		if during, err = time.ParseDuration(s); err != nil {
			t.Fatal(err)
		}
	}
	seed := kafkatest.Seed(t, 1)
	t.Log(during)
	group := kafkatest.Name(t)
	w := kafkatest.Distributed(t, kafkatest.DistributedProps(t, group))
	kafkatest.Do(t, http.MethodGet, w.URL+"/connectors", nil)
	before := settled(t, w, sample{})

	s := &soak{t: t, url: w.URL, dir: t.TempDir(), group: group}
	s.writeFile()
	began := time.Now()
	ctx, stop := context.WithCancel(t.Context())
	var wg sync.WaitGroup
	for i := range clients {
		c := &client{soak: s, id: i, random: rand.New(rand.NewPCG(seed, uint64(i)))}
		wg.Go(func() { c.change(ctx) })
	}
	var samples []sample
	for tick := time.Tick(spacing); time.Since(began) < during; <-tick {
		one, err := take(t.Context(), w)
		if err != nil {
			t.Fatal(err)
		}
		samples = append(samples, one)
	}
	stop()
	wg.Wait()
	s.deleteAll()
	after := settled(t, w, before)
	w.Stop(t)
	r := report{seed: seed, during: during, requests: s.requests.Load(), created: s.created.Load(), before: before, after: after, samples: samples}
	for _, text := range r.verdict() {
		t.Error(text)
	}
	t.Log("\n" + r.table())
	if path := os.Getenv("SOAK_REPORT"); path != "" && !t.Failed() {
		if err := kafkatest.ReplaceSection(path, "soak", r.table()); err != nil {
			t.Error(err)
		}
	}
}

// soak is what the clients share.
type soak struct {
	t               *testing.T
	url, dir, group string

	requests, created atomic.Int64
}

// writeFile writes the file that all sources read.
func (s *soak) writeFile() {
	s.t.Helper()
	text := strings.Repeat("a line of the soak\n", 1000)
	if err := os.WriteFile(filepath.Join(s.dir, "in"), []byte(text), 0o600); err != nil {
		s.t.Fatal(err)
	}
}

// config is the configuration of a source or a sink. Topics are few; names of
// connectors are always new, as anything that is kept by name would grow.
func (s *soak) config(slot int) map[string]string {
	topic := fmt.Sprintf("%s-%d", s.group, slot/2)
	if slot%2 == 0 {
		return map[string]string{"connector.class": "FileStreamSource", "tasks.max": "1", "topic": topic, "file": filepath.Join(s.dir, "in")}
	}
	// From the end: the topic grows, and what a sink fetches at once must not.
	return map[string]string{"connector.class": "FileStreamSink", "tasks.max": "1", "topics": topic, "file": os.DevNull, "consumer.override.auto.offset.reset": "latest"}
}

// ask sends a request, again while the group rebalances, and while a connector that
// is to be restarted has not started yet: there is no status of it then, which
// Java answers with 404, too.
func (s *soak) ask(method, path string, body any) {
	for end := time.Now().Add(wait); ; time.Sleep(20 * time.Millisecond) {
		s.requests.Add(1)
		_, err := kafkatest.Call(s.t.Context(), method, s.url+path, body)
		if err == nil {
			return
		}
		passing := strings.Contains(err.Error(), "409 Conflict") || strings.Contains(err.Error(), "Status for connector")
		if !passing || time.Now().After(end) {
			s.t.Error(err)
			return
		}
	}
}

// deleteAll deletes what the clients have left.
func (s *soak) deleteAll() {
	s.t.Helper()
	statuses, err := kafkatest.Statuses(s.t.Context(), s.url)
	if err != nil {
		s.t.Fatal(err)
	}
	for name := range statuses {
		s.ask(http.MethodDelete, "/connectors/"+name, nil)
	}
}

// client changes connectors of its own, one request after the other.
type client struct {
	*soak
	id     int
	random *rand.Rand
	names  [slots]string
	made   int
}

// change goes on until the context ends. It ends no request in the middle.
//
//nolint:contextcheck // the requests go on with the test's own context
func (c *client) change(ctx context.Context) {
	for slot := range c.names {
		c.create(slot)
	}
	for ctx.Err() == nil {
		slot := c.random.IntN(slots)
		path := "/connectors/" + c.names[slot]
		switch c.random.IntN(7) {
		case 0:
			c.ask(http.MethodPut, path+"/pause", nil)
		case 1:
			c.ask(http.MethodPut, path+"/stop", nil)
		case 2, 3:
			c.ask(http.MethodPut, path+"/resume", nil)
		case 4:
			config := c.config(slot)
			config["note"] = strconv.Itoa(c.random.IntN(1000))
			c.ask(http.MethodPut, path+"/config", config)
		case 5:
			c.ask(http.MethodPost, path+"/restart?includeTasks=true", nil)
		default:
			c.ask(http.MethodDelete, path, nil)
			c.create(slot)
		}
		time.Sleep(time.Duration(c.random.IntN(100)) * time.Millisecond) // a client that thinks
	}
}

func (c *client) create(slot int) {
	c.names[slot] = fmt.Sprintf("soak-%d-%d", c.id, c.made)
	c.made++
	c.created.Add(1)
	c.ask(http.MethodPut, "/connectors/"+c.names[slot]+"/config", c.config(slot))
}
