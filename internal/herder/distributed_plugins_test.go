package herder_test

import (
	"errors"
	"fmt"
	"net/http"
	"slices"
	"strings"
	"testing"

	"sluice/connect/config"
	"sluice/internal/group/assign"
	"sluice/internal/herder"
	"sluice/internal/store"
)

// TestMissingPlugins leads a group in which another member has a plugin that is
// missing here.
func TestMissingPlugins(t *testing.T) {
	t.Parallel()
	c := newCluster(t, nil)
	known := func(peers ...assign.Peer) {
		c.mu.Lock()
		defer c.mu.Unlock()
		c.peers = append([]assign.Peer{{URL: "http://a:1/", Plugins: registry().Classes()}}, peers...)
	}
	java := assign.Peer{URL: "http://j:1/"}
	known(java, assign.Peer{URL: "http://b:1/", Plugins: []string{"io.x.Other"}})
	problems := 1
	c.validated = func(url string, cfg config.Raw) (herder.ConfigInfos, error) {
		if want := "http://j:1/connector-plugins/Only/config/validate?forward=false"; url != want {
			return herder.ConfigInfos{}, fmt.Errorf("%s is asked, want %s", url, want)
		}
		infos := herder.ConfigInfos{Name: *cfg["connector.class"], ErrorCount: problems}
		if problems > 0 {
			infos.Configs = []herder.ConfigInfo{{Value: herder.ConfigValueInfo{Name: "x", Errors: []string{"x is wrong"}}}}
		}
		return infos, nil
	}
	a := c.join("a:1")
	c.eventually(a.isReady)

	only := config.Map{"name": "only", "connector.class": "io.java.Only", "tasks.max": "1"}.Raw()
	_, _, err := a.Put(t.Context(), "only", only, nil, false)
	if code, text := status(t, err); code != http.StatusBadRequest || !strings.Contains(text, "\nx is wrong\n") {
		t.Errorf("a configuration that another member refuses: %d %s", code, text)
	}
	var to *herder.ForwardError
	if _, err := a.Validate(t.Context(), only); !errors.As(err, &to) || to.URL != java.URL {
		t.Errorf("a validation goes to %v, %v", to, err)
	}
	if _, err := a.Validate(t.Context(), source("own", nil)); err != nil {
		t.Errorf("a validation of an own plugin: %v", err)
	}
	problems = 0
	if _, _, err := a.Put(t.Context(), "only", only, nil, false); err != nil {
		t.Fatal(err)
	}
	c.eventually(func() string {
		started := 0
		a.worker.set(func() { started = a.worker.connectorStarts })
		if started != 1 {
			return fmt.Sprintf("%d starts", started)
		}
		return ""
	})
	fail := store.Status{State: store.Failed, Trace: "x.Y: no such class\nCaused by: z", WorkerID: "a:1", Generation: 1 << 30}
	a.ConnectorStatus("only", fail)
	says := func(want string) {
		t.Helper()
		c.eventually(func() string {
			st, _ := a.Status("only")
			if lines := strings.Split(st.Connector.Trace, "\n"); len(lines) != 3 || lines[0] != "x.Y: no such class" || lines[1] != want || lines[2] != "Caused by: z" {
				return "the trace is " + st.Connector.Trace
			}
			return ""
		})
	}
	says("Worker a:1 has no plugin io.java.Only; members of the group that can run it: http://j:1/ (a Java worker, which does not say what it has). It moves there with the next rebalance.")
	known()
	c.poke2()
	says("Worker a:1 has no plugin io.java.Only; no member of the group has it. It runs as soon as a worker joins that has it.")
	if _, err := a.Validate(t.Context(), only); err == nil || errors.As(err, &to) {
		t.Errorf("where nobody has the plugin a validation answers %v", err)
	} else if code, text := status(t, err); code != http.StatusBadRequest || !strings.HasPrefix(text, "Failed to find any class that implements Connector") {
		t.Errorf("%d %s", code, text)
	}
	known(java)
	c.poke2()
	c.eventually(func() string {
		st, _ := a.Status("only")
		if !strings.Contains(st.Connector.Trace, java.URL) {
			return st.Connector.Trace
		}
		return ""
	})

	// A change that needs a plugin which is not here has the work dealt anew.
	a.create("own", nil)
	c.eventually(func() string {
		started := 0
		a.worker.set(func() { started = a.worker.connectorStarts })
		if started < 2 {
			return "own has not started"
		}
		return ""
	})
	c.mu.Lock()
	c.validated = func(string, config.Raw) (herder.ConfigInfos, error) { return herder.ConfigInfos{}, nil }
	c.mu.Unlock()
	c.eventually(a.isReady)
	a.create("own", config.Map{"transforms": "x", "transforms.x.type": "io.java.Transformation"})
	c.eventually(func() (why string) {
		a.worker.set(func() {
			if want := "a connector needs plugins that this worker lacks"; !slices.Contains(a.reasons, want) {
				why = fmt.Sprintf("rebalances were wanted since %q", a.reasons)
			}
		})
		return why
	})
}
