package rest_test

import (
	"context"
	"encoding/json"
	"log/slog"
	"net/http"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"sluice/connect"
	"sluice/connect/config"
	"sluice/connect/plugin"
	"sluice/internal/herder"
	"sluice/internal/plugins"
	"sluice/internal/store"
)

const (
	hdfsClass      = "io.confluent.connect.hdfs.HdfsSinkConnector"
	fileSinkClass  = "org.apache.kafka.connect.file.FileStreamSinkConnector"
	datagenClass   = "io.confluent.kafka.connect.datagen.DatagenConnector"
	converterClass = "org.apache.kafka.connect.json.JsonConverter"
)

type noSink struct{ connect.SinkConnector }

type noSource struct{ connect.SourceConnector }

// pageRegistry carries the connectors of the reference page's examples.
func pageRegistry() *plugins.Registry {
	sink := func(class string) plugin.Sink {
		return plugin.Sink{Info: plugin.Info{Class: class, Version: "1"}, New: func() connect.SinkConnector { return noSink{} }}
	}
	return plugins.New(plugin.Set{
		Sinks:            []plugin.Sink{sink(hdfsClass), sink(fileSinkClass)},
		Sources:          []plugin.Source{{Info: plugin.Info{Class: datagenClass, Version: "1"}, New: func() connect.SourceConnector { return noSource{} }}},
		Converters:       []plugin.Converter{{Info: plugin.Info{Class: converterClass, Version: "1"}}},
		HeaderConverters: []plugin.HeaderConverter{{Info: plugin.Info{Class: "org.apache.kafka.connect.storage.SimpleHeaderConverter", Version: "1"}}},
	})
}

// pageWorker runs nothing, but tells the herder what a worker would. planning
// takes as long as plan says.
type pageWorker struct {
	listener store.Listener
	plan     time.Duration
	stop     chan struct{} // a stop waits for it
}

func (w *pageWorker) status(s store.State, generation int) store.Status {
	return store.Status{State: s, WorkerID: "w:1", Generation: generation, Version: "1"}
}

func (w *pageWorker) StartConnector(name string, _ config.Map, target store.TargetState, generation int) {
	if target != store.TargetStarted {
		w.listener.ConnectorStatus(name, w.status(store.Paused, generation))
		return
	}
	w.listener.ConnectorStatus(name, w.status(store.Running, generation))
	w.listener.TaskConfigsChanged(name)
}

func (w *pageWorker) StopConnector(ctx context.Context, _ string) error {
	select {
	case <-w.stop:
		return nil
	case <-ctx.Done():
		return ctx.Err()
	}
}

func (w *pageWorker) TaskConfigs(ctx context.Context, _ string, maxTasks int) ([]config.Map, error) {
	select {
	case <-time.After(w.plan):
	case <-ctx.Done():
		return nil, ctx.Err()
	}
	configs := make([]config.Map, maxTasks)
	for i := range configs {
		configs[i] = config.Map{"task.class": "T"}
	}
	return configs, nil
}

func (w *pageWorker) StartTask(id store.TaskID, _, _ config.Map, _ store.TargetState, generation int) {
	w.listener.TaskStatus(id, w.status(store.Running, generation))
}
func (w *pageWorker) StopTasks(context.Context, []store.TaskID) error { return nil }
func (w *pageWorker) BeginStop([]string, []store.TaskID)              {}
func (w *pageWorker) SetTargetState(name string, target store.TargetState) {
	state := map[store.TargetState]store.State{store.TargetStarted: store.Running, store.TargetPaused: store.Paused, store.TargetStopped: store.Stopped}[target]
	w.listener.ConnectorStatus(name, w.status(state, 1<<20))
}
func (w *pageWorker) Close(context.Context) error { return nil }

type noLevels struct{}

func (noLevels) SetLevel(string, string) error { return nil }

// page runs a herder with the page's connectors; end stops it.
func page(t testing.TB, answers string) (h http.Handler, w *pageWorker, end func()) {
	t.Helper()
	w = &pageWorker{stop: make(chan struct{})}
	close(w.stop)
	s := herder.NewStandalone(herder.StandaloneConfig{
		WorkerID: "w:1", Worker: w, Plugins: pageRegistry(), Log: slog.New(slog.DiscardHandler), ClusterID: "I4ZmrWqfT2e-upky_4fdPA",
		Settings: config.Map{"key.converter": converterClass, "value.converter": converterClass}, Levels: noLevels{},
	})
	w.listener = s
	ctx, cancel := context.WithCancel(context.WithoutCancel(t.Context()))
	ended := make(chan error, 1)
	go func() { ended <- s.Run(ctx) }()
	return serve(t, s, config.Map{"rest.answers": answers}), w, func() {
		cancel()
		if err := <-ended; err != nil {
			t.Error(err)
		}
	}
}

const (
	hdfsConfig = `"connector.class":"io.confluent.connect.hdfs.HdfsSinkConnector","tasks.max":"10","topics":"test-topic","hdfs.url":"hdfs://fakehost:9000",` +
		`"hadoop.conf.dir":"/opt/hadoop/conf","hadoop.home":"/opt/hadoop","flush.size":"100","rotate.interval.ms":"1000"`
	hdfs           = `{"name":"hdfs-sink-connector","config":{` + hdfsConfig + `}}`
	fileExample    = `{"name":"FileStreamSinkConnectorConnector_0","config":{"connector.class":"org.apache.kafka.connect.file.FileStreamSinkConnector","file":"/Users/smith/file.txt","tasks.max":"1","topics":"datagen"}}`
	datagenExample = `{"name":"DatagenConnectorConnector_0","config":{"connector.class":"io.confluent.kafka.connect.datagen.DatagenConnector","quickstart":"clickstream","tasks.max":"1","kafka.topic":"datagen"}}`
)

// TestReferencePage walks through the rows of the published reference page, as it
// says they are answered and as the real worker answers them.
func TestReferencePage(t *testing.T) {
	t.Parallel()
	for _, answers := range []string{"worker", "page"} {
		t.Run(answers, func(t *testing.T) {
			t.Parallel()
			h, _, end := page(t, answers)
			defer end()
			stop, restart := 204, 204
			if answers == "page" {
				stop, restart = 202, 200
			}
			const name = "/connectors/hdfs-sink-connector"
			for _, tt := range []struct {
				method, path, body string
				status             int
				want               string // parts of the body, separated by blanks
			}{
				{"GET", "/", "", 200, `"version":"4.3.1" "commit": "kafka_cluster_id":"I4ZmrWqfT2e-upky_4fdPA"`},
				{"GET", "/connectors", "", 200, `[]`},
				{"POST", "/connectors", `{"name":"hdfs-sink-connector"}`, 422, `{"error_code":422,"message":"config may not be empty"}`},
				{"POST", "/connectors", hdfs, 201, `"name":"hdfs-sink-connector" "topics":"test-topic" "tasks":[{"connector":"hdfs-sink-connector","task":0}, {"connector":"hdfs-sink-connector","task":9}]`},
				{"POST", "/connectors", hdfs, 409, `{"error_code":409, already`},
				{"POST", "/connectors", fileExample, 201, `"task":0`},
				{"POST", "/connectors", datagenExample, 201, `"type":"source"`},
				{"GET", "/connectors", "", 200, `["DatagenConnectorConnector_0","FileStreamSinkConnectorConnector_0","hdfs-sink-connector"]`},
				{"GET", "/connectors?expand=status", "", 200, `"FileStreamSinkConnectorConnector_0":{"status":{ "connector":{"state":"RUNNING","worker_id":"w:1" "tasks":[{"id":0,"state":"RUNNING","worker_id":"w:1" "type":"sink"`},
				{"GET", "/connectors?expand=info", "", 200, `"DatagenConnectorConnector_0":{"info":{ "quickstart":"clickstream" "tasks":[{"connector":"DatagenConnectorConnector_0","task":0}],"type":"source"`},
				{"GET", "/connectors?expand=status&expand=info", "", 200, `"status":{ "info":{`},
				{"GET", name, "", 200, `"hdfs.url":"hdfs://fakehost:9000" "type":"sink"`},
				{"GET", name + "/config", "", 200, `"flush.size":"100" "name":"hdfs-sink-connector"`},
				{"PUT", name + "/config", `{` + hdfsConfig + `}`, 200, `"name":"hdfs-sink-connector"`},
				{"PUT", "/connectors/other/config", `{` + hdfsConfig + `}`, 201, `"name":"other"`},
				{"PUT", "/connectors/other/config", ``, 400, `"error_code":400`},
				{"GET", name + "/status", "", 200, `"name":"hdfs-sink-connector","connector":{"state":"RUNNING" "id":9`},
				{"POST", name + "/restart", "", restart, ``},
				{"POST", name + "/restart?includeTasks=true&onlyFailed=false", "", 202, `"connector":{"state":"RESTARTING" {"id":0,"state":"RESTARTING"`},
				{"POST", "/connectors/none/restart?includeTasks=true", "", 404, `"error_code":404`},
				{"PUT", name + "/pause", "", 202, ``},
				{"PUT", name + "/pause", "", 202, ``},
				{"PUT", name + "/resume", "", 202, ``},
				{"PUT", name + "/stop", "", stop, ``},
				{"GET", name + "/status", "", 200, `"state":"STOPPED" "tasks":[]`},
				{"PUT", name + "/resume", "", 202, ``},
				{"DELETE", name + "/", "", 204, ``},
				{"DELETE", name, "", 404, `{"error_code":404,"message":"Connector hdfs-sink-connector not found"}`},
			} {
				w := call(t, h, tt.method, tt.path, tt.body, "Accept", "application/json", "Content-Type", "application/json")
				if w.Code != tt.status {
					t.Errorf("%s %s: %d %s, want %d", tt.method, tt.path, w.Code, w.Body, tt.status)
				}
				for part := range strings.FieldsSeq(tt.want) {
					if !strings.Contains(w.Body.String(), part) {
						t.Errorf("%s %s: %s lacks %s", tt.method, tt.path, w.Body, part)
					}
				}
				if tt.want == "" && w.Body.Len() > 0 {
					t.Errorf("%s %s: %s, want no body", tt.method, tt.path, w.Body)
				}
			}
		})
	}
}

// A resumed connector that was stopped has tasks again, and a failed one shows its
// trace: the page's words on resume and status.
func TestResumeStartsAStoppedConnector(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		h, w, end := page(t, "worker")
		defer end()
		call(t, h, "POST", "/connectors", fileExample)
		const name = "/connectors/FileStreamSinkConnectorConnector_0"
		call(t, h, "PUT", name+"/stop", "")
		call(t, h, "PUT", name+"/resume", "")
		synctest.Wait()
		if body := call(t, h, "GET", name+"/status", "").Body.String(); !strings.Contains(body, `"state":"RUNNING"`) {
			t.Errorf("after resume: %s", body)
		}
		w.listener.ConnectorStatus("FileStreamSinkConnectorConnector_0", store.Status{State: store.Failed, Trace: "org.apache.kafka.connect.errors.ConnectException: gone", WorkerID: "w:1", Generation: 1 << 20})
		synctest.Wait()
		if body := call(t, h, "GET", name+"/status", "").Body.String(); !strings.Contains(body, `"trace":"org.apache.kafka.connect.errors.ConnectException: gone`) {
			t.Errorf("a failed connector: %s", body)
		}
	})
}

// The page says 500 for a restart that is not answered within 90 seconds.
func TestRequestsTimeOut(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		h, w, end := page(t, "page")
		defer end()
		call(t, h, "POST", "/connectors", fileExample)
		w.stop = make(chan struct{}) // a connector that hangs in its stop
		began := time.Now()
		answer := call(t, h, "POST", "/connectors/FileStreamSinkConnectorConnector_0/restart", "")
		if took := time.Since(began); answer.Code != http.StatusInternalServerError || took > 91*time.Second || !json.Valid(answer.Body.Bytes()) {
			t.Errorf("%d %s after %s, want a 500 within 90 s", answer.Code, answer.Body, took)
		}
		close(w.stop)
	})
}

// With rest.answers=page the answer to POST waits up to 10 s for the tasks, but not
// for those of a connector that will have none.
func TestPageWaitsForTasks(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct {
		after, took time.Duration
		state       store.State
		tasks       string
	}{
		{3 * time.Second, 3 * time.Second, store.Running, `"task":0`},
		{time.Minute, 10 * time.Second, store.Running, `"tasks":[]`},
		{time.Minute, 0, store.Failed, `"tasks":[]`},
		{time.Minute, 0, store.Stopped, `"tasks":[]`},
	} {
		synctest.Test(t, func(t *testing.T) {
			h := serve(t, &lateTasks{after: tt.after, state: tt.state}, config.Map{"rest.answers": "page"})
			began := time.Now()
			answer := call(t, h, "POST", "/connectors", fileExample)
			if took := time.Since(began).Truncate(time.Second); !strings.Contains(answer.Body.String(), tt.tasks) || took != tt.took {
				t.Errorf("%+v: %d %s after %s", tt, answer.Code, answer.Body, took)
			}
		})
	}
}

// lateTasks answers a creation before there are tasks, as a distributed herder.
type lateTasks struct {
	herder.Herder
	created time.Time
	after   time.Duration
	state   store.State
}

func (l *lateTasks) Put(_ context.Context, name string, cfg config.Raw, _ *store.TargetState, _ bool) (bool, herder.ConnectorInfo, error) {
	l.created = time.Now()
	return true, herder.ConnectorInfo{Name: name, Config: cfg}, nil
}

func (l *lateTasks) Info(name string) (herder.ConnectorInfo, bool) {
	info := herder.ConnectorInfo{Name: name}
	if time.Since(l.created) >= l.after {
		info.Tasks = []store.TaskID{{Connector: name}}
	}
	return info, true
}

func (l *lateTasks) Status(name string) (herder.ConnectorStatus, bool) {
	return herder.ConnectorStatus{Name: name, Connector: store.Status{State: l.state}}, true
}
