package kafka

import (
	"context"
	"errors"
	"log/slog"
	"maps"
	"net"
	"slices"
	"strings"
	"sync"
	"syscall"
	"testing"
	"testing/synctest"
	"time"

	"github.com/twmb/franz-go/pkg/kerr"
	"github.com/twmb/franz-go/pkg/kfake"
	"github.com/twmb/franz-go/pkg/kgo"
	"github.com/twmb/franz-go/pkg/kmsg"

	"sluice/connect/config"
	"sluice/internal/store"
)

// network is one that can be cut.
type network struct {
	kfake.VirtualNetwork

	mu    sync.Mutex // guards the following
	conns []net.Conn
	cut   bool
}

func (n *network) dial(ctx context.Context, network, address string) (net.Conn, error) {
	n.mu.Lock()
	defer n.mu.Unlock()
	if n.cut {
		return nil, &net.OpError{Op: "dial", Net: network, Err: syscall.ECONNREFUSED}
	}
	conn, err := n.DialContext(ctx, network, address)
	if err == nil {
		n.conns = append(n.conns, conn)
	}
	return conn, err
}

func (n *network) set(cut bool) {
	n.mu.Lock()
	defer n.mu.Unlock()
	n.cut = cut
	for _, conn := range n.conns {
		_ = conn.Close()
	}
	n.conns = nil
}

// openStore opens the stores of a worker; a handler hears their log.
type openStore func(set map[string]string, log ...slog.Handler) *Stores

// virtual runs a test in a bubble with its own time, a cluster of one broker and a
// network that can be cut.
func virtual(t *testing.T, test func(t *testing.T, n *network, c *kfake.Cluster, open openStore)) {
	synctest.Test(t, func(t *testing.T) {
		var n network
		c, err := kfake.NewCluster(kfake.NumBrokers(1), kfake.Ports(9092), kfake.ListenFn(n.Listen))
		if err != nil {
			t.Fatal(err)
		}
		defer c.Close()
		test(t, &n, c, func(set map[string]string, log ...slog.Handler) *Stores {
			w := worker(c, "trouble", map[string]string{
				"config.storage.replication.factor": "1", "offset.storage.replication.factor": "1", "status.storage.replication.factor": "1",
			})
			maps.Copy(w, set)
			s, err := New(Config{Worker: w, Log: slog.New(append(log, slog.DiscardHandler)[0]), Opts: []kgo.Opt{kgo.Dialer(n.dial)}})
			if err != nil {
				t.Fatal(err)
			}
			return s
		})
	})
}

// TestMinuteWithoutBrokers cuts the network under a running worker, and makes
// another one start while it is cut.
func TestMinuteWithoutBrokers(t *testing.T) {
	t.Parallel()
	virtual(t, func(t *testing.T, n *network, _ *kfake.Cluster, open openStore) {
		s := open(nil)
		start(t, s)
		ctx := t.Context()
		if err := s.Configs.PutConnector(ctx, "before", config.Raw{}, ""); err != nil {
			t.Fatal(err)
		}
		n.set(true)
		late := open(nil)
		started := make(chan error, 1)
		go func() { started <- late.Start(ctx) }()
		for i := range 1000 {
			s.Statuses.PutConnector("before", store.Status{State: store.Running, WorkerID: "w", Generation: i})
		}
		begin := time.Now()
		err := s.Configs.PutConnector(ctx, "during", config.Raw{}, "")
		var failed *store.WriteError
		if !errors.As(err, &failed) || !errors.Is(err, context.DeadlineExceeded) {
			t.Errorf("a write without brokers: %v", err)
		}
		if took := time.Since(begin); took != 30*time.Second {
			t.Errorf("it took %s", took)
		}
		// What is known is still shown.
		if !s.Configs.Snapshot().Contains("before") {
			t.Error("the snapshot is gone")
		}
		time.Sleep(30 * time.Second)
		n.set(false)
		if err := s.Configs.PutConnector(ctx, "after", config.Raw{}, ""); err != nil {
			t.Fatalf("after a minute without brokers: %v", err)
		}
		if err := errors.Join(s.Statuses.Flush(ctx), s.Statuses.Refresh(ctx), <-started); err != nil {
			t.Fatal(err)
		}
		if got, _ := s.Statuses.Snapshot().Connector("before"); got.Generation != 999 {
			t.Errorf("the status is of generation %d", got.Generation)
		}
		if err := late.Configs.Refresh(ctx); err != nil {
			t.Fatal(err)
		}
		if late.Configs.Snapshot().Offset() != s.Configs.Snapshot().Offset() || !late.Configs.Snapshot().Contains("after") {
			t.Errorf("offsets %d and %d", late.Configs.Snapshot().Offset(), s.Configs.Snapshot().Offset())
		}
		if err := errors.Join(s.Close(), late.Close()); err != nil {
			t.Error(err)
		}
	})
}

// TestCloseWithoutBrokers ends in bounded time, whatever is under way.
func TestCloseWithoutBrokers(t *testing.T) {
	t.Parallel()
	virtual(t, func(t *testing.T, n *network, _ *kfake.Cluster, open openStore) {
		s := open(map[string]string{"exactly.once.source.support": "enabled"})
		start(t, s)
		if err := s.Configs.Claim(t.Context()); err != nil {
			t.Fatal(err)
		}
		n.set(true)
		failed := make(chan error, 1)
		go func() { failed <- s.Configs.PutConnector(t.Context(), "c", config.Raw{}, "") }()
		s.Statuses.PutConnector("c", store.Status{State: store.Running})
		time.Sleep(time.Second)
		begin := time.Now()
		if err := s.Close(); err != nil {
			t.Error(err)
		}
		if took := time.Since(begin); took > time.Minute {
			t.Errorf("Close took %s", took)
		}
		if err := <-failed; err == nil {
			t.Error("a write without brokers succeeds")
		}
	})
}

// TestTopicsThatAreWrong wants that the error names the topic, the key, and what
// would be right.
func TestTopicsThatAreWrong(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct {
		name  string
		set   map[string]string
		spoil func(t *testing.T, c *kfake.Cluster)
		want  []string
	}{
		{
			"policy", nil,
			func(t *testing.T, c *kfake.Cluster) { create(t, c, "trouble-status", 5, "delete") },
			[]string{`status.storage.topic`, `'cleanup.policy=compact'`, `'cleanup.policy=delete'`, "connector and task statuses"},
		},
		{
			"both policies", nil,
			func(t *testing.T, c *kfake.Cluster) { create(t, c, "trouble-offsets", 5, "compact,delete") },
			[]string{`offset.storage.topic`, `'cleanup.policy=compact,delete'`},
		},
		{
			"partitions", nil,
			func(t *testing.T, c *kfake.Cluster) { create(t, c, "trouble-configs", 3, "compact") },
			[]string{`Topic 'trouble-configs' supplied via the 'config.storage.topic' property is required to have a single partition`, "found 3"},
		},
		{
			"replication",
			map[string]string{"status.storage.replication.factor": "2"},
			nil,
			[]string{`topic "trouble-status"`, "status.storage.replication.factor=2", "or -1"},
		},
		{
			"setting",
			map[string]string{"status.storage.min.insync.replicas": "many"},
			func(_ *testing.T, c *kfake.Cluster) {
				refuse(c, kmsg.CreateTopics, kerr.InvalidConfig.Code, "trouble-status")
			},
			[]string{`topic "trouble-status"`, "start with status.storage."},
		},
		{
			"not allowed to create", nil,
			func(_ *testing.T, c *kfake.Cluster) {
				refuse(c, kmsg.CreateTopics, kerr.TopicAuthorizationFailed.Code, "trouble-configs")
			},
			[]string{`topic "trouble-configs" of config.storage.topic`, "may not create it"},
		},
		{
			"not allowed to read", nil,
			func(t *testing.T, c *kfake.Cluster) {
				create(t, c, "trouble-configs", 1, "compact")
				refuse(c, kmsg.ListOffsets, 0, "trouble-configs")
				refuse(c, kmsg.Fetch, kerr.TopicAuthorizationFailed.Code, "trouble-configs")
			},
			[]string{"read partition 0 of topic trouble-configs", "TOPIC_AUTHORIZATION_FAILED"},
		},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			virtual(t, func(t *testing.T, _ *network, c *kfake.Cluster, open openStore) {
				if tt.spoil != nil {
					tt.spoil(t, c)
				}
				s := open(tt.set)
				err := s.Start(t.Context())
				if err == nil {
					err = errors.New("it starts")
				}
				for _, want := range tt.want {
					if !strings.Contains(err.Error(), want) {
						t.Errorf("the error does not say %q: %v", want, err)
					}
				}
				if err := s.Close(); err != nil {
					t.Error(err)
				}
			})
		})
	}
}

func create(t *testing.T, c *kfake.Cluster, topic string, partitions int32, policy string) {
	t.Helper()
	if err := c.CreateTopic(topic, partitions, map[string]string{"cleanup.policy": policy}); err != nil {
		t.Fatal(err)
	}
}

// refuse answers all requests of a kind about the topic with an error.
func refuse(c *kfake.Cluster, key kmsg.Key, code int16, topic string) {
	c.ControlKey(int16(key), func(req kmsg.Request) (kmsg.Response, error, bool) {
		c.KeepControl()
		switch req := req.(type) {
		case *kmsg.CreateTopicsRequest:
			if req.Topics[0].Topic != topic {
				return nil, nil, false
			}
			resp := req.ResponseKind().(*kmsg.CreateTopicsResponse)
			rt := kmsg.NewCreateTopicsResponseTopic()
			rt.Topic, rt.ErrorCode = topic, code
			resp.Topics = append(resp.Topics, rt)
			return resp, nil, true
		case *kmsg.ListOffsetsRequest: // says that there are records
			if req.Topics[0].Topic != topic || req.Topics[0].Partitions[0].Timestamp == -2 {
				return nil, nil, false
			}
			resp := req.ResponseKind().(*kmsg.ListOffsetsResponse)
			rt := kmsg.NewListOffsetsResponseTopic()
			rt.Topic = topic
			rp := kmsg.NewListOffsetsResponseTopicPartition()
			rp.Offset = 7
			rt.Partitions = append(rt.Partitions, rp)
			resp.Topics = append(resp.Topics, rt)
			return resp, nil, true
		case *kmsg.FetchRequest:
			info := c.TopicInfo(topic)
			if info == nil || len(req.Topics) == 0 || req.Topics[0].Topic != topic && req.Topics[0].TopicID != info.TopicID {
				return nil, nil, false
			}
			resp := req.ResponseKind().(*kmsg.FetchResponse)
			rt := kmsg.NewFetchResponseTopic()
			rt.Topic, rt.TopicID = req.Topics[0].Topic, req.Topics[0].TopicID
			for _, p := range req.Topics[0].Partitions {
				rp := kmsg.NewFetchResponseTopicPartition()
				rp.Partition, rp.ErrorCode = p.Partition, code
				rt.Partitions = append(rt.Partitions, rp)
			}
			resp.Topics = append(resp.Topics, rt)
			return resp, nil, true
		}
		return nil, nil, false
	})
}

func TestSettingsThatAreWrong(t *testing.T) {
	t.Parallel()
	_, err := New(Config{Log: quiet, Worker: map[string]string{
		"bootstrap.servers": "127.0.0.1:1", "group.id": "g", "config.storage.topic": " ", "status.storage.topic": "s",
		"status.storage.partitions": "0", "offset.storage.replication.factor": "many", "exactly.once.source.support": "yes",
	}})
	if err == nil {
		t.Fatal("no error")
	}
	for _, want := range []string{
		`"config.storage.topic" has the value ""`, `"offset.storage.topic" has the value ""`, `"status.storage.partitions" has the value "0"`,
		`"offset.storage.replication.factor" has the value "many"`, `"exactly.once.source.support" has the value "yes"`,
	} {
		if !strings.Contains(err.Error(), want) {
			t.Errorf("the error does not say %s: %v", want, err)
		}
	}
}

// TestTopicsAsWanted looks at what is created.
func TestTopicsAsWanted(t *testing.T) {
	t.Parallel()
	c := cluster(t)
	var said logged
	s, err := New(Config{Log: slog.New(&said), Worker: worker(c, t.Name(), map[string]string{
		"config.storage.partitions": "7", "config.storage.retention.ms": "5", "config.storage.cleanup.policy": "delete",
		"status.storage.partitions": "-1", "status.storage.replication.factor": "-1",
	})})
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = s.Close() }()
	start(t, s)
	for topic, partitions := range map[string]int{"configs": 1, "offsets": 3, "status": 10} {
		info := c.TopicInfo(t.Name() + "-" + topic)
		if info == nil || len(c.PartitionInfos(t.Name()+"-"+topic)) != partitions {
			t.Errorf("%s: %+v", topic, info)
			continue
		}
		if policy := info.Configs["cleanup.policy"]; policy == nil || *policy != "compact" {
			t.Errorf("%s: policy %v", topic, info.Configs)
		}
	}
	if v := c.TopicInfo(t.Name() + "-configs").Configs["retention.ms"]; v == nil || *v != "5" {
		t.Error("config.storage.retention.ms is not set")
	}
	for _, key := range []string{"config.storage.partitions", "config.storage.cleanup.policy"} {
		if !slices.ContainsFunc(said.all(), func(line string) bool { return strings.Contains(line, key) }) {
			t.Errorf("nobody says that %s is ignored: %v", key, said.all())
		}
	}
}

// logged keeps what is said.
type logged struct {
	mu    sync.Mutex // guards the following
	lines []string
}

func (l *logged) Enabled(context.Context, slog.Level) bool { return true }
func (l *logged) WithAttrs([]slog.Attr) slog.Handler       { return l }
func (l *logged) WithGroup(string) slog.Handler            { return l }
func (l *logged) Handle(_ context.Context, r slog.Record) error {
	var b strings.Builder
	b.WriteString(r.Message)
	r.Attrs(func(a slog.Attr) bool { b.WriteString(" " + a.String()); return true })
	l.mu.Lock()
	defer l.mu.Unlock()
	l.lines = append(l.lines, b.String())
	return nil
}

func (l *logged) all() []string {
	l.mu.Lock()
	defer l.mu.Unlock()
	return slices.Clone(l.lines)
}

// TestForeignRecords puts into the topics what no worker wrote.
func TestForeignRecords(t *testing.T) {
	t.Parallel()
	c := cluster(t)
	w := worker(c, t.Name(), nil)
	s := openStores(t, w)
	start(t, s)
	client, err := kgo.NewClient(kgo.SeedBrokers(c.ListenAddrs()...))
	if err != nil {
		t.Fatal(err)
	}
	defer client.Close()
	for _, kind := range []string{"configs", "status", "offsets"} {
		for _, r := range []*kgo.Record{
			{Key: []byte("hello"), Value: []byte("{}")},
			{Key: []byte("connector-x"), Value: []byte("{")},
			{Value: []byte("no key")},
			{Key: []byte{0xff, 0xfe}},
			{Key: []byte("status-task-x"), Value: []byte("{}")},
			{Key: []byte(`["c"`)},
		} {
			r.Topic = t.Name() + "-" + kind
			if err := client.ProduceSync(t.Context(), r).FirstErr(); err != nil {
				t.Fatal(err)
			}
		}
	}
	if err := errors.Join(s.Configs.PutConnector(t.Context(), "a", config.Raw{}, ""), s.Statuses.Refresh(t.Context())); err != nil {
		t.Fatal(err)
	}
	if got := slices.Collect(s.Configs.Snapshot().Connectors()); !slices.Equal(got, []string{"a"}) {
		t.Errorf("connectors: %v", got)
	}
	if _, err := s.Offsets.List(t.Context(), "c"); err != nil {
		t.Error(err)
	}
	if err := s.Close(); err != nil {
		t.Error(err)
	}
}

// TestOffsetsBeyondMarkers wants that the markers of transactions do not count in
// the config offset, and do not hold up the reading to the end.
func TestOffsetsBeyondMarkers(t *testing.T) {
	t.Parallel()
	c := cluster(t)
	w := worker(c, t.Name(), map[string]string{"exactly.once.source.support": "enabled"})
	s := openStores(t, w)
	start(t, s)
	ctx := t.Context()
	if err := s.Configs.Claim(ctx); err != nil {
		t.Fatal(err)
	}
	if err := s.Configs.PutConnector(ctx, "a", config.Raw{}, store.TargetPaused); err != nil {
		t.Fatal(err)
	}
	if got := s.Configs.Snapshot().Offset(); got != 2 { // 0, 1, and the marker at 2
		t.Errorf("the config offset is %d", got)
	}
	if err := s.Configs.RemoveConnector(ctx, "a"); err != nil {
		t.Fatal(err)
	}
	if got := s.Configs.Snapshot().Offset(); got != 5 {
		t.Errorf("the config offset is %d", got)
	}
	if err := s.Close(); err != nil {
		t.Error(err)
	}
}
