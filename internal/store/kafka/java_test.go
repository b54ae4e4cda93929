//go:build integration

package kafka

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"maps"
	"net/http"
	"net/url"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"sluice/connect/config"
	"sluice/connect/schema"
	"sluice/internal/store"
	kafkatest "sluice/test/kafka"
	"sluice/test/ports"
)

// patience bounds every wait of these tests; nothing is measured with it.
const patience = 90 * time.Second

// group returns the settings of a worker of a new group.
func group(t *testing.T, eos string) map[string]string {
	name := kafkatest.Name(t)
	return map[string]string{
		"bootstrap.servers": kafkatest.Broker(t), "group.id": name, "exactly.once.source.support": eos,
		"config.storage.topic": name + "-configs", "offset.storage.topic": name + "-offsets", "status.storage.topic": name + "-status",
		"config.storage.replication.factor": "1", "offset.storage.replication.factor": "1", "status.storage.replication.factor": "1",
		"offset.storage.partitions": "5", "offset.flush.interval.ms": "200",
	}
}

func call(t *testing.T, method, address string, body any) (int, []byte) {
	t.Helper()
	text, err := json.Marshal(body)
	if err != nil {
		t.Fatal(err)
	}
	req, err := http.NewRequestWithContext(t.Context(), method, address, bytes.NewReader(text))
	if err != nil {
		t.Fatal(err)
	}
	req.Header.Set("Content-Type", "application/json")
	resp, err := http.DefaultClient.Do(req)
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = resp.Body.Close() }()
	answer, err := io.ReadAll(resp.Body)
	if err != nil {
		t.Fatal(err)
	}
	return resp.StatusCode, answer
}

// until waits for a condition on what another process does.
func until(t *testing.T, what string, ok func() bool) {
	t.Helper()
	deadline := time.Now().Add(patience)
	for !ok() {
		if time.Now().After(deadline) {
			t.Fatalf("never: %s", what)
		}
		time.Sleep(100 * time.Millisecond)
	}
}

// expanded is the answer of GET /connectors?expand=status&expand=info.
type expanded map[string]struct {
	Status struct {
		Connector instance
		Tasks     []instance
	}
	Info struct {
		Config map[string]string
		Tasks  []store.TaskID
	}
}

type instance struct {
	ID             int
	State, Version string
	Worker         string `json:"worker_id"`
}

func list(t *testing.T, j *kafkatest.Java) expanded {
	t.Helper()
	_, answer := call(t, http.MethodGet, j.URL+"/connectors?expand=status&expand=info", nil)
	var all expanded
	if err := json.Unmarshal(answer, &all); err != nil {
		t.Fatalf("%v: %s", err, answer)
	}
	return all
}

// state returns the states of a connector and its tasks: "RUNNING RUNNING".
func state(t *testing.T, j *kafkatest.Java, name string) string {
	t.Helper()
	s := list(t, j)[name].Status
	states := []string{s.Connector.State}
	for _, task := range s.Tasks {
		states = append(states, task.State)
	}
	return strings.Join(states, " ")
}

// TestWithJava reads the topics of a Java worker, and is obeyed by it.
func TestWithJava(t *testing.T) {
	for _, eos := range []string{"disabled", "enabled"} {
		t.Run(eos, func(t *testing.T) { withJava(t, eos) })
	}
}

func withJava(t *testing.T, eos string) {
	settings := group(t, eos)
	java := kafkatest.JavaConnect(t, settings)
	in := filepath.Join(t.TempDir(), "in")
	if err := os.WriteFile(in, []byte("one\ntwo\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	odd := "a b-1é"
	for _, name := range []string{"src", odd} {
		status, answer := call(t, http.MethodPut, java.URL+"/connectors/"+url.PathEscape(name)+"/config",
			map[string]string{"connector.class": "FileStreamSource", "file": in, "topic": settings["group.id"] + "-lines", "tasks.max": "1"})
		if status != http.StatusCreated {
			t.Fatalf("%d: %s", status, answer)
		}
		until(t, name+" runs", func() bool { return state(t, java, name) == "RUNNING RUNNING" })
	}
	s := openStores(t, settings)
	defer func() { _ = s.Close() }()
	start(t, s)
	offsetsAsJava(t, s, java, "src", 8)
	asJava(t, s, java)
	until(t, "the topics are known", func() bool {
		_, ok := s.Statuses.Snapshot().Topic("src", settings["group.id"]+"-lines")
		return ok
	})

	ctx := t.Context()
	if err := s.Configs.PutTargetState(ctx, "src", store.TargetPaused); err != nil {
		t.Fatal(err)
	}
	until(t, "src is paused", func() bool { return state(t, java, "src") == "PAUSED PAUSED" })
	if err := s.Configs.PutLoggerLevel(ctx, store.LoggerLevel{Logger: "org.apache.kafka.connect.x", Level: "WARN"}); err != nil {
		t.Fatal(err)
	}
	until(t, "the level is set", func() bool {
		_, answer := call(t, http.MethodGet, java.URL+"/admin/loggers/org.apache.kafka.connect.x", nil)
		return bytes.Contains(answer, []byte(`"WARN"`))
	})
	asLeader(t, s, java, settings, in)
	offsetIsObeyed(t, s, java)
	asJava(t, s, java)
}

// asLeader writes what only a leader may write. With transactions that fences the
// Java worker, which fences us in turn when it writes.
func asLeader(t *testing.T, s *Stores, java *kafkatest.Java, settings map[string]string, in string) {
	t.Helper()
	ctx := t.Context()
	if err := s.Configs.Claim(ctx); err != nil {
		t.Fatal(err)
	}
	cfg := config.Map{"name": "ours", "connector.class": "FileStreamSource", "file": in, "topic": settings["group.id"] + "-ours", "tasks.max": "1"}
	if err := s.Configs.PutConnector(ctx, "ours", cfg.Raw(), ""); err != nil {
		t.Fatal(err)
	}
	until(t, "our connector runs", func() bool { return state(t, java, "ours") == "RUNNING RUNNING" })
	if settings["exactly.once.source.support"] == "enabled" {
		err := s.Configs.PutRestart(ctx, store.RestartRequest{Connector: "ours", IncludeTasks: true})
		if !errors.Is(err, store.ErrNotClaimed) {
			t.Errorf("the Java worker has written since, and still we may: %v", err)
		}
		if err := s.Configs.Claim(ctx); err != nil {
			t.Fatal(err)
		}
	}
	before := s.Statuses.Snapshot()
	if err := s.Configs.PutRestart(ctx, store.RestartRequest{Connector: "ours", IncludeTasks: true}); err != nil {
		t.Fatal(err)
	}
	restarted := false
	until(t, "our connector is restarted", func() bool {
		task, _ := s.Statuses.Snapshot().Task(store.TaskID{Connector: "ours"})
		restarted = restarted || task.State == store.Restarting || s.Statuses.Snapshot() != before
		return restarted && state(t, java, "ours") == "RUNNING RUNNING"
	})
	if err := s.Configs.RemoveConnector(ctx, "ours"); err != nil {
		t.Fatal(err)
	}
	until(t, "our connector is gone", func() bool { return !slices.Contains(slices.Collect(maps.Keys(list(t, java))), "ours") })
}

// offsetIsObeyed writes an offset that the Java worker then reads from.
func offsetIsObeyed(t *testing.T, s *Stores, java *kafkatest.Java) {
	t.Helper()
	ctx := t.Context()
	until(t, "src can be stopped", func() bool { // a Java leader that was fenced answers 500 once
		status, _ := call(t, http.MethodPut, java.URL+"/connectors/src/stop", nil)
		return status == http.StatusNoContent
	})
	until(t, "src is stopped", func() bool { return state(t, java, "src") == "STOPPED" })
	offsets, err := s.Offsets.List(ctx, "src")
	if err != nil || len(offsets) != 1 {
		t.Fatal(offsets, err)
	}
	offsets[0].Offset = schema.MapValue([]schema.Entry{{Key: schema.StringValue("position"), Value: schema.Int64Value(4)}})
	if err := s.Offsets.Write(ctx, "src", offsets); err != nil {
		t.Fatal(err)
	}
	offsetsAsJava(t, s, java, "src", 4)
	if status, answer := call(t, http.MethodPut, java.URL+"/connectors/src/resume", nil); status != http.StatusAccepted {
		t.Fatalf("%d: %s", status, answer)
	}
	offsetsAsJava(t, s, java, "src", 8)
}

// offsetsAsJava waits until both say that the connector is at the position.
func offsetsAsJava(t *testing.T, s *Stores, java *kafkatest.Java, name string, want int64) {
	t.Helper()
	until(t, fmt.Sprintf("%s at position %d", name, want), func() bool {
		_, answer := call(t, http.MethodGet, java.URL+"/connectors/"+name+"/offsets", nil)
		offsets, err := s.Offsets.List(t.Context(), name)
		if err != nil {
			t.Fatal(err)
		}
		if len(offsets) != 1 {
			return false
		}
		position, _ := offsets[0].Offset.Lookup("position")
		return position.Int() == want && bytes.Contains(answer, []byte(`"position":`+strconv.FormatInt(want, 10)+"}"))
	})
}

// asJava compares all that both show.
func asJava(t *testing.T, s *Stores, java *kafkatest.Java) {
	t.Helper()
	var diff string
	until := time.Now().Add(patience) // statuses are written without anybody waiting
	for {
		if err := errors.Join(s.Configs.Refresh(t.Context()), s.Statuses.Refresh(t.Context())); err != nil {
			t.Fatal(err)
		}
		if diff = cmp.Diff(list(t, java), ours(s)); diff == "" {
			return
		}
		if time.Now().After(until) {
			t.Fatalf("(-Java +ours)\n%s", diff)
		}
		time.Sleep(100 * time.Millisecond)
	}
}

func ours(s *Stores) expanded {
	all := expanded{}
	configs, statuses := s.Configs.Snapshot(), s.Statuses.Snapshot()
	for name := range configs.Connectors() {
		one := all[name]
		one.Info.Config = configs.Connector(name).Map()
		one.Info.Tasks = append([]store.TaskID{}, configs.Tasks(name)...)
		one.Status.Tasks = []instance{}
		c, _ := statuses.Connector(name)
		one.Status.Connector = instance{0, string(c.State), c.Version, c.WorkerID}
		for id, task := range statuses.Tasks(name) {
			one.Status.Tasks = append(one.Status.Tasks, instance{id, string(task.State), task.Version, task.WorkerID})
		}
		all[name] = one
	}
	return all
}

// TestBrokerRestart kills the broker under a worker and starts it again.
func TestBrokerRestart(t *testing.T) {
	kafkatest.Broker(t) // skips where there is none
	ctx := context.WithoutCancel(t.Context())
	port, err := ports.Free(ctx, 2) // one is the controller's
	if err != nil {
		t.Fatal(err)
	}
	name := "test-store-broker-" + strconv.Itoa(port)
	if err := kafkatest.Guarded(ctx, name, "broker", "start", name, strconv.Itoa(port)); err != nil {
		t.Fatal(err)
	}
	settings := group(t, "enabled")
	settings["bootstrap.servers"] = "127.0.0.1:" + strconv.Itoa(port)
	s := openStores(t, settings)
	defer func() { _ = s.Close() }()
	start(t, s)
	if err := errors.Join(s.Configs.Claim(ctx), s.Configs.PutConnector(ctx, "a", config.Raw{}, "")); err != nil {
		t.Fatal(err)
	}
	if _, err := kafkatest.Run(ctx, "kill", name); err != nil {
		t.Fatal(err)
	}
	s.Statuses.PutConnector("a", store.Status{State: store.Running, WorkerID: "w", Generation: 1})
	if _, err := kafkatest.Run(ctx, "broker", "start", name, strconv.Itoa(port)); err != nil {
		t.Fatal(err)
	}
	// A transaction may be lost with the broker; then the leader claims again.
	until(t, "the leader writes again", func() bool {
		err := s.Configs.PutConnector(ctx, "b", config.Raw{}, "")
		if errors.Is(err, store.ErrNotClaimed) {
			err = s.Configs.Claim(ctx)
			return err == nil && s.Configs.PutConnector(ctx, "b", config.Raw{}, "") == nil
		}
		return err == nil
	})
	if err := errors.Join(s.Statuses.Flush(ctx), s.Statuses.Refresh(ctx)); err != nil {
		t.Fatal(err)
	}
	if _, ok := s.Statuses.Snapshot().Connector("a"); !ok || s.Configs.Snapshot().Len() != 2 {
		t.Errorf("status %v, %d connectors", ok, s.Configs.Snapshot().Len())
	}
	if _, err := kafkatest.Run(ctx, "stop", name); err != nil {
		t.Error(err)
	}
}
