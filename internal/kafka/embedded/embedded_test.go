package embedded

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"os"
	"os/exec"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/twmb/franz-go/pkg/kadm"
	"github.com/twmb/franz-go/pkg/kgo"
	"go.uber.org/goleak"
)

// childDir makes this test binary a broker on the named directory, so that a
// test can kill a whole process.
const childDir = "SLUICE_TEST_EMBEDDED_DIR"

func TestMain(m *testing.M) {
	if dir := os.Getenv(childDir); dir != "" {
		os.Exit(runChild(dir))
	}
	goleak.VerifyTestMain(m)
}

func runChild(dir string) int {
	b, err := Start(context.Background(), Config{Dir: dir})
	if err != nil {
		fmt.Println("error:", err)
		return 1
	}
	fmt.Println(b.Addr())
	_, _ = io.Copy(io.Discard, os.Stdin) // until the parent goes or kills
	if err := b.Close(); err != nil {
		return 1
	}
	return 0
}

type child struct {
	cmd   *exec.Cmd
	stdin io.WriteCloser
	addr  string // or what it said in place of one
}

func startChild(t *testing.T, dir string) *child {
	t.Helper()
	exe, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	cmd := exec.CommandContext(context.WithoutCancel(t.Context()), exe)
	cmd.Env = append(os.Environ(), childDir+"="+dir)
	stdin, err := cmd.StdinPipe()
	if err != nil {
		t.Fatal(err)
	}
	stdout, err := cmd.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = cmd.Process.Kill(); _ = cmd.Wait() })
	line, err := bufio.NewReader(stdout).ReadString('\n')
	if err != nil {
		t.Fatalf("child broker said nothing: %v", err)
	}
	return &child{cmd: cmd, stdin: stdin, addr: strings.TrimSpace(line)}
}

// stop ends the child in order, kill ends it at once.
func (c *child) stop(t *testing.T) {
	t.Helper()
	if err := c.stdin.Close(); err != nil {
		t.Fatal(err)
	}
	if err := c.cmd.Wait(); err != nil {
		t.Fatalf("child broker did not end well: %v", err)
	}
}

func (c *child) kill(t *testing.T) {
	t.Helper()
	if err := c.cmd.Process.Kill(); err != nil {
		t.Fatal(err)
	}
	_ = c.cmd.Wait() // says "killed"
}

func start(t *testing.T, cfg Config) *Broker {
	t.Helper()
	b, err := Start(t.Context(), cfg)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := b.Close(); err != nil {
			t.Error(err)
		}
	})
	return b
}

func client(t *testing.T, addr string, opts ...kgo.Opt) *kgo.Client {
	t.Helper()
	cl, err := kgo.NewClient(append(opts, kgo.SeedBrokers(addr), kgo.MetadataMinAge(10*time.Millisecond))...)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(cl.Close)
	return cl
}

func deadline(t *testing.T) context.Context {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
	t.Cleanup(cancel)
	return ctx
}

func produce(t *testing.T, cl *kgo.Client, topic string, from, to int) {
	t.Helper()
	ctx := deadline(t)
	for i := from; i < to; i++ {
		cl.Produce(ctx, &kgo.Record{Topic: topic, Value: fmt.Appendf(nil, "%d", i)}, func(_ *kgo.Record, err error) {
			if err != nil {
				t.Errorf("record %d: %v", i, err)
			}
		})
	}
	if err := cl.Flush(ctx); err != nil {
		t.Fatal(err)
	}
}

func consume(t *testing.T, addr, topic string, n int) []string {
	t.Helper()
	ctx := deadline(t)
	cl := client(t, addr, kgo.ConsumeTopics(topic))
	defer cl.Close()
	var values []string
	for len(values) < n {
		fetches := cl.PollFetches(ctx)
		if err := fetches.Err(); err != nil {
			t.Fatalf("after %d of %d records of %s: %v", len(values), n, topic, err)
		}
		fetches.EachRecord(func(r *kgo.Record) { values = append(values, string(r.Value)) })
	}
	return values
}

func numbers(n int) []string {
	out := make([]string, n)
	for i := range out {
		out[i] = strconv.Itoa(i)
	}
	return out
}

// What was acknowledged is there after each kind of end, and after two in a
// row: records, topics with their configs, group offsets, the cluster id.
func TestDataSurvives(t *testing.T) {
	t.Parallel()
	ends := map[string]func(*child, *testing.T){"stop": (*child).stop, "kill": (*child).kill}
	for name, end := range ends {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			dir := t.TempDir()
			const each, rounds = 5000, 3
			var clusterID string
			for round := range rounds {
				c := startChild(t, dir)
				cl := client(t, c.addr, kgo.AllowAutoTopicCreation())
				adm := kadm.NewClient(cl)
				meta, err := adm.BrokerMetadata(deadline(t))
				if err != nil {
					t.Fatal(err)
				}
				if round == 0 {
					clusterID = meta.Cluster
					createTopic(t, adm, "made", map[string]*string{"max.message.bytes": new("2000000")})
				} else if meta.Cluster != clusterID {
					t.Errorf("cluster id %q became %q", clusterID, meta.Cluster)
				}
				produce(t, cl, "made", round*each, (round+1)*each)
				produce(t, cl, "automatic", round*each, (round+1)*each) // by its metadata request
				commit(t, adm, "made", int64((round+1)*each))
				cl.Close()
				end(c, t)
			}
			b := start(t, Config{Dir: dir})
			for _, topic := range []string{"made", "automatic"} {
				if diff := cmp.Diff(numbers(rounds*each), consume(t, b.Addr(), topic, rounds*each)); diff != "" {
					t.Errorf("records of %s (-want +got):\n%s", topic, diff)
				}
			}
			adm := kadm.NewClient(client(t, b.Addr()))
			if got := committed(t, adm, "made"); got != rounds*each {
				t.Errorf("committed offset %d, want %d", got, rounds*each)
			}
			if got := topicConfig(t, adm, "made", "max.message.bytes"); got != "2000000" {
				t.Errorf("config of the topic is %q", got)
			}
		})
	}
}

func createTopic(t *testing.T, adm *kadm.Client, topic string, configs map[string]*string) {
	t.Helper()
	if _, err := adm.CreateTopic(deadline(t), 1, 1, configs, topic); err != nil {
		t.Fatal(err)
	}
}

func topicConfig(t *testing.T, adm *kadm.Client, topic, key string) string {
	t.Helper()
	configs, err := adm.DescribeTopicConfigs(deadline(t), topic)
	if err != nil {
		t.Fatal(err)
	}
	for _, c := range configs[0].Configs {
		if c.Key == key {
			return c.MaybeValue()
		}
	}
	return ""
}

func commit(t *testing.T, adm *kadm.Client, topic string, at int64) {
	t.Helper()
	offsets := make(kadm.Offsets)
	offsets.AddOffset(topic, 0, at, -1)
	if err := adm.CommitAllOffsets(deadline(t), "connect-x", offsets); err != nil {
		t.Fatal(err)
	}
}

func committed(t *testing.T, adm *kadm.Client, topic string) int64 {
	t.Helper()
	offsets, err := adm.FetchOffsets(deadline(t), "connect-x")
	if err != nil {
		t.Fatal(err)
	}
	o, _ := offsets.Lookup(topic, 0)
	return o.At
}

func TestDirInUse(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	c := startChild(t, dir)
	_, err := Start(t.Context(), Config{Dir: dir})
	inUse, ok := errors.AsType[*DirInUseError](err)
	if !ok {
		t.Fatalf("second process on one directory: %v", err)
	}
	if diff := cmp.Diff(&DirInUseError{Dir: dir, PID: c.cmd.Process.Pid}, inUse); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
	second := startChild(t, dir)
	if want := fmt.Sprintf("error: data directory %s is in use by process %d: stop it or give another directory", dir, c.cmd.Process.Pid); second.addr != want {
		t.Errorf("child said %q, want %q", second.addr, want)
	}
	c.stop(t)
	start(t, Config{Dir: dir}) // free again
}

func TestPortInUse(t *testing.T) {
	t.Parallel()
	ln, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = ln.Close() }()
	port := ln.Addr().(*net.TCPAddr).Port
	dir := t.TempDir()
	_, err = Start(t.Context(), Config{Dir: dir, Port: port})
	if inUse, ok := errors.AsType[*PortInUseError](err); !ok || inUse.Port != port {
		t.Fatalf("start on a port in use: %v", err)
	}
	start(t, Config{Dir: dir}) // the failed start gave the directory back
}

func TestLoopbackOnly(t *testing.T) {
	t.Parallel()
	b := start(t, Config{Dir: t.TempDir()})
	if host, _, err := net.SplitHostPort(b.Addr()); err != nil || host != "127.0.0.1" {
		t.Errorf("listens on %s (%v)", b.Addr(), err)
	}
}

func TestBadConfig(t *testing.T) {
	t.Parallel()
	for want, cfg := range map[string]Config{
		"the embedded broker needs a data directory":                    {},
		"port 70000 of the embedded broker is not between 0 and 65535":  {Dir: t.TempDir(), Port: 70000},
		"-3 default partitions for the embedded broker: give 1 or more": {Dir: t.TempDir(), Partitions: -3},
	} {
		if _, err := Start(t.Context(), cfg); err == nil || err.Error() != want {
			t.Errorf("error %v, want %s", err, want)
		}
	}
}

func TestCloseTwice(t *testing.T) {
	t.Parallel()
	b := start(t, Config{Dir: t.TempDir()})
	for range 2 {
		if err := b.Close(); err != nil {
			t.Error(err)
		}
	}
}
