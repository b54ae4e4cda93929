//go:build integration

package faults

import (
	"context"
	"fmt"
	"math/rand/v2"
	"net/http"
	"strconv"
	"sync"
	"time"

	kafkatest "sluice/test/kafka"
)

// churn changes connectors through REST, on any worker, while faults go on. What
// a broken cluster answers is counted, not judged: afterwards every connector
// must run and every line have arrived.
type churn struct {
	urls   []string
	pairs  []*pair
	random *rand.Rand

	asked, done int
	wg          sync.WaitGroup
	stop        context.CancelFunc
}

// begin starts the changes; end ends them, and no request in the middle.
func (c *churn) begin(ctx context.Context) {
	until, stop := context.WithCancel(ctx)
	c.stop = stop
	c.wg.Go(func() {
		for until.Err() == nil {
			c.change(ctx)
			select {
			case <-until.Done():
			case <-time.After(time.Duration(c.random.IntN(800)) * time.Millisecond):
			}
		}
	})
}

func (c *churn) end() {
	c.stop()
	c.wg.Wait()
}

// change does one thing to one connector.
func (c *churn) change(ctx context.Context) {
	p := c.pairs[c.random.IntN(len(c.pairs))]
	name := p.sink()
	if c.random.IntN(2) == 0 {
		name = p.source()
	}
	path := "/connectors/" + name
	config := p.configs()[name]
	switch c.random.IntN(7) {
	case 0:
		config["tasks.max"] = strconv.Itoa(1 + c.random.IntN(3))
		c.ask(ctx, http.MethodPut, path+"/config", config)
	case 1:
		config["note"] = strconv.Itoa(c.random.IntN(1000))
		c.ask(ctx, http.MethodPut, path+"/config", config)
	case 2:
		c.ask(ctx, http.MethodPut, path+"/pause", nil)
		c.ask(ctx, http.MethodPut, path+"/resume", nil)
	case 3:
		c.ask(ctx, http.MethodPut, path+"/stop", nil)
		c.ask(ctx, http.MethodPut, path+"/resume", nil)
	case 4:
		c.ask(ctx, http.MethodPost, path+"/restart?includeTasks=true", nil)
	case 5:
		c.ask(ctx, http.MethodPost, path+"/tasks/0/restart", nil)
	default:
		c.ask(ctx, http.MethodDelete, path, nil)
		c.ask(ctx, http.MethodPut, path+"/config", config)
	}
}

func (c *churn) ask(ctx context.Context, method, path string, body any) {
	ctx, cancel := context.WithTimeout(ctx, 10*time.Second)
	defer cancel()
	c.asked++
	if _, err := kafkatest.Call(ctx, method, c.urls[c.random.IntN(len(c.urls))]+path, body); err == nil {
		c.done++
	}
}

// String says how many requests there were.
func (c *churn) String() string { return fmt.Sprintf("%d, %d answered with success", c.asked, c.done) }
