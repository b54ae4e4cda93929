package rest_test

import (
	"context"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"slices"
	"testing"
	"time"

	"sluice/connect/config"
	"sluice/internal/herder"
	"sluice/internal/store"
)

// manyHerder answers for connectors of two tasks from a snapshot, as the herders do.
type manyHerder struct {
	fakeHerder
	names    []string
	infos    map[string]herder.ConnectorInfo
	statuses map[string]herder.ConnectorStatus
	keys     []herder.ConfigKeyInfo
}

func newManyHerder(n int) *manyHerder {
	h := &manyHerder{infos: map[string]herder.ConnectorInfo{}, statuses: map[string]herder.ConnectorStatus{}}
	for i := range 30 {
		h.keys = append(h.keys, herder.ConfigKeyInfo{Name: fmt.Sprint("key.", i), Type: "STRING"})
	}
	for i := range n {
		name := fmt.Sprintf("connector-%04d", i)
		cfg := config.Raw{"name": &name}
		for k, v := range map[string]string{
			"connector.class": "org.apache.kafka.connect.file.FileStreamSourceConnector", "tasks.max": "2", "topic": "topic-of-" + name,
			"file": "/var/lib/data/" + name + ".txt", "key.converter": "org.apache.kafka.connect.storage.StringConverter",
			"value.converter": "org.apache.kafka.connect.json.JsonConverter", "value.converter.schemas.enable": "false",
			"transforms": "stamp", "transforms.stamp.type": "org.apache.kafka.connect.transforms.InsertField$Value",
			"transforms.stamp.static.field": "origin", "transforms.stamp.static.value": "\"" + name + "\"", "errors.tolerance": "none",
		} {
			cfg[k] = &v
		}
		running := store.Status{State: store.Running, WorkerID: "10.0.0.1:8083", Version: "4.3.1"}
		info := herder.ConnectorInfo{Name: name, Config: cfg, Type: "source"}
		status := herder.ConnectorStatus{Name: name, Connector: running, Type: "source"}
		for task := range 2 {
			info.Tasks = append(info.Tasks, store.TaskID{Connector: name, Task: task})
			status.Tasks = append(status.Tasks, herder.TaskStatus{ID: task, Status: running})
		}
		h.names = append(h.names, name)
		h.infos[name], h.statuses[name] = info, status
	}
	return h
}

func (h *manyHerder) Connectors() []string { return slices.Clone(h.names) }

func (h *manyHerder) Info(name string) (herder.ConnectorInfo, bool) {
	info, found := h.infos[name]
	return info, found
}

func (h *manyHerder) Status(name string) (herder.ConnectorStatus, bool) {
	status, found := h.statuses[name]
	return status, found
}

func (h *manyHerder) PluginConfig(context.Context, string, string) ([]herder.ConfigKeyInfo, error) {
	return slices.Clone(h.keys), nil
}

// BenchmarkReads is what an answer about 1,000 connectors costs, without and with
// the network, and its 99th percentile there.
func BenchmarkReads(b *testing.B) {
	h := newManyHerder(1000)
	for _, settings := range []struct {
		name string
		of   config.Map
	}{{"plain", nil}, {"masked", config.Map{"rest.mask.secrets": "true"}}} {
		handler := serve(b, h, settings.of)
		for _, path := range []string{"/connectors", "/connectors?expand=status&expand=info", "/connectors/connector-0500/status"} {
			b.Run(settings.name+path, func(b *testing.B) {
				b.ReportAllocs()
				for b.Loop() {
					w := httptest.NewRecorder()
					handler.ServeHTTP(w, httptest.NewRequest(http.MethodGet, "http://h"+path, http.NoBody))
					if w.Code != http.StatusOK {
						b.Fatal(w.Code)
					}
				}
			})
			b.Run("network-"+settings.name+path, func(b *testing.B) { benchmarkNetwork(b, handler, path) })
		}
	}
}

func benchmarkNetwork(b *testing.B, handler http.Handler, path string) {
	b.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		b.Fatal(err)
	}
	server := &httptest.Server{Listener: l, Config: &http.Server{Handler: handler, ReadHeaderTimeout: time.Minute}}
	server.Start()
	defer server.Close()
	var took []time.Duration
	for b.Loop() {
		began := time.Now()
		resp, err := server.Client().Get(server.URL + path)
		if err != nil {
			b.Fatal(err)
		}
		if _, err := io.Copy(io.Discard, resp.Body); err != nil {
			b.Fatal(err)
		}
		_ = resp.Body.Close()
		took = append(took, time.Since(began))
	}
	slices.Sort(took)
	b.ReportMetric(float64(took[len(took)*99/100].Microseconds())/1000, "p99-ms")
}
