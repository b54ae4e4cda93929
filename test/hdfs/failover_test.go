//go:build integration

package hdfs_test

import (
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"net"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"sync"
	"testing"

	"google.golang.org/protobuf/encoding/protowire"

	"sluice/connectors/hdfs/dfs"
	kafkatest "sluice/test/kafka"
)

// nameNode is one of two name nodes: as the active one it is a real name node, as
// the standby it answers each call with the exception of one, and as a dead one it
// takes no connections.
type nameNode struct {
	address, real string

	mu       sync.Mutex
	role     string              // guarded by mu
	listener net.Listener        // guarded by mu
	conns    map[net.Conn]string // guarded by mu
}

func startNameNode(t *testing.T, real, role string) *nameNode {
	t.Helper()
	n := &nameNode{real: real, conns: make(map[net.Conn]string), address: "127.0.0.1:0"}
	n.become(t, role)
	t.Cleanup(func() { n.become(t, "dead") })
	return n
}

// become changes the role, and cuts all connections.
func (n *nameNode) become(t *testing.T, role string) {
	t.Helper()
	n.mu.Lock()
	defer n.mu.Unlock()
	n.role = role
	for c := range n.conns {
		_ = c.Close() // that is the test
	}
	clear(n.conns)
	if n.listener != nil {
		_ = n.listener.Close() // as above
		n.listener = nil
	}
	if role == "dead" {
		return
	}
	l, err := net.Listen("tcp", n.address)
	if err != nil {
		t.Error(err)
		return
	}
	n.listener, n.address = l, l.Addr().String()
	go func() {
		for {
			c, err := l.Accept()
			if err != nil {
				return
			}
			go n.serve(c, role)
		}
	}()
}

func (n *nameNode) serve(c net.Conn, role string) {
	n.mu.Lock()
	current := n.role == role
	n.conns[c] = role
	n.mu.Unlock()
	defer func() { _ = c.Close() }() // as above
	if !current {
		return
	}
	if role == "standby" {
		_ = refuse(c) // ends with the connection
		return
	}
	up, err := net.Dial("tcp", n.real)
	if err != nil {
		return
	}
	defer func() { _ = up.Close() }() // as above
	go func() { _, _ = io.Copy(up, c); _ = up.Close() }()
	_, _ = io.Copy(c, up) // ends with the connection
}

// refuse answers calls of Hadoop's RPC with a StandbyException.
func refuse(c net.Conn) error {
	if _, err := io.ReadFull(c, make([]byte, 7)); err != nil { // "hrpc", version, class, authentication
		return err
	}
	for {
		var size [4]byte
		if _, err := io.ReadFull(c, size[:]); err != nil {
			return err
		}
		packet := make([]byte, binary.BigEndian.Uint32(size[:]))
		if _, err := io.ReadFull(c, packet); err != nil {
			return err
		}
		call, err := callID(packet)
		if err != nil {
			return err
		}
		if call < 0 {
			continue // the handshake
		}
		header := protowire.AppendVarint(protowire.AppendTag(nil, 1, protowire.VarintType), uint64(call))
		header = protowire.AppendVarint(protowire.AppendTag(header, 2, protowire.VarintType), 1) // ERROR
		header = protowire.AppendString(protowire.AppendTag(header, 4, protowire.BytesType), "org.apache.hadoop.ipc.StandbyException")
		header = protowire.AppendString(protowire.AppendTag(header, 5, protowire.BytesType), "Operation category READ is not supported in state standby.")
		header = protowire.AppendVarint(protowire.AppendTag(header, 6, protowire.VarintType), 1) // ERROR_APPLICATION
		answer := protowire.AppendBytes(nil, header)
		if _, err := c.Write(append(binary.BigEndian.AppendUint32(nil, uint32(len(answer))), answer...)); err != nil {
			return err
		}
	}
}

// callID reads the number of a call from its header.
func callID(packet []byte) (int64, error) {
	header, n := protowire.ConsumeBytes(packet)
	if n < 0 {
		return 0, errors.New("no header")
	}
	for len(header) > 0 {
		field, kind, n := protowire.ConsumeTag(header)
		if n < 0 {
			break
		}
		header = header[n:]
		if field == 3 {
			v, _ := protowire.ConsumeVarint(header)
			return protowire.DecodeZigZag(v), nil
		}
		if n = protowire.ConsumeFieldValue(field, kind, header); n < 0 {
			break
		}
		header = header[n:]
	}
	return 0, errors.New("no call id")
}

// haConf writes the files of a cluster with two name nodes.
func haConf(t *testing.T, a, b string) string {
	t.Helper()
	dir := t.TempDir()
	site := []byte("<configuration>")
	for _, p := range [][2]string{
		{"dfs.nameservices", "ns"},
		{"dfs.ha.namenodes.ns", "a,b"},
		{"dfs.namenode.rpc-address.ns.a", a},
		{"dfs.namenode.rpc-address.ns.b", b},
	} {
		site = fmt.Appendf(site, "<property><name>%s</name><value>%s</value></property>", p[0], p[1])
	}
	for name, text := range map[string]string{
		"hdfs-site.xml": string(site) + "</configuration>",
		"core-site.xml": "<configuration><property><name>fs.defaultFS</name><value>hdfs://ns</value></property></configuration>",
	} {
		if err := os.WriteFile(filepath.Join(dir, name), []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	return dir
}

// TestFailover: the active name node becomes a standby, and then the other one
// dies, while records come. Nothing is lost or doubled.
func TestFailover(t *testing.T) {
	t.Parallel()
	url, files, dir := cluster(t)
	real := strings.TrimPrefix(url, "hdfs://")
	a, b := startNameNode(t, real, "active"), startNameNode(t, real, "standby")
	const step = 300
	name := topic(t, 1, step, func(i int) []byte { return strconv.AppendInt(nil, int64(i), 10) })
	sink := filepath.Join(t.TempDir(), "sink.properties")
	if err := os.WriteFile(sink, kafkatest.Properties(map[string]string{
		"name": name, "connector.class": "HdfsSink", "topics": name, "store.url": "hdfs://ns", "hadoop.conf.dir": haConf(t, a.address, b.address),
		"topics.dir": dir + "/topics", "logs.dir": dir + "/logs", "format.class": "io.confluent.connect.hdfs.string.StringFormat",
		"flush.size": "50", "rotate.interval.ms": "1000", "retry.backoff.ms": "1000",
	}), 0o600); err != nil {
		t.Fatal(err)
	}
	worker := kafkatest.Sluice(t, nil, sink)
	await := func(n int) {
		t.Helper()
		kafkatest.Until(t, func() string {
			if got := count(t, files, dir+"/topics"); got < n {
				return fmt.Sprintf("%d of %d records are in files", got, n)
			}
			return ""
		})
	}
	await(step)
	a.become(t, "standby")
	b.become(t, "active")
	more(t, name, step, 2*step)
	await(2 * step)
	b.become(t, "dead")
	a.become(t, "active")
	more(t, name, 2*step, 3*step)
	await(3 * step)
	want := make([]string, 3*step)
	for i := range want {
		want[i] = strconv.Itoa(i)
	}
	if got := lines(t, files, dir+"/topics"); !slices.Equal(got, want) {
		t.Errorf("the files hold %d rows, want %d in order", len(got), len(want))
	}
	statuses, err := kafkatest.Statuses(t.Context(), worker)
	if err != nil || len(statuses[name].Tasks) != 1 || statuses[name].Tasks[0].State != "RUNNING" {
		t.Errorf("statuses: %+v, %v", statuses, err)
	}
}

// TestStandbyAlone says what is wrong where all name nodes are standbys.
func TestStandbyAlone(t *testing.T) {
	t.Parallel()
	a := startNameNode(t, "", "standby")
	o, err := dfs.Resolve("hdfs://"+a.address, "")
	if err != nil {
		t.Fatal(err)
	}
	if _, err := dfs.Dial(o); err == nil || !strings.Contains(err.Error(), "standby") {
		t.Errorf("a standby alone: %v", err)
	}
}
