package hdfs

import (
	"fmt"
	"slices"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/google/go-cmp/cmp"

	"sluice/connect"
	"sluice/connect/config"
	"sluice/connect/connecttest"
	"sluice/connect/schema"
	"sluice/connectors/hdfs/dfs"
	"sluice/connectors/hdfs/dfs/dfstest"
)

func TestContract(t *testing.T) {
	t.Parallel()
	cluster := dfstest.New()
	p := Plugins().Sinks[0]
	p.NewTask = func() connect.SinkTask {
		return &task{dial: func(dfs.Options) (dfs.FileSystem, error) { return cluster.Connect(), nil }}
	}
	runs := 0
	connecttest.SinkTask(t, connecttest.Sink{
		Plugin: p, Idempotent: false,
		Setup: func(*testing.T) connecttest.SinkSystem {
			runs++
			dir := fmt.Sprintf("topics%d", runs)
			return connecttest.SinkSystem{
				Config: config.Map{"store.url": "hdfs://node", "topics.dir": dir, "logs.dir": "logs" + dir, "flush.size": "4", "format.class": textClass},
				Read: func(*testing.T) []string {
					var out []string
					for name, data := range cluster.Files() {
						if strings.HasPrefix(name, "/"+dir+"/contract/") {
							out = append(out, strings.Split(strings.TrimSuffix(string(data), "\n"), "\n")...)
						}
					}
					return out
				},
			}
		},
	})
}

func TestFilesAndOffsets(t *testing.T) {
	t.Parallel()
	r := newRig(t)
	r.fill(0, 8)
	r.fill(1, 2)
	r.mustStart()
	r.mustPut(100)
	want := []string{"partition=0/t+0+0000000000+0000000002.txt", "partition=0/t+0+0000000003+0000000005.txt"}
	if diff := cmp.Diff(want, r.names()); diff != "" {
		t.Error(diff)
	}
	if a, b := r.committed(0), r.committed(1); a != 6 || b != -1 {
		t.Errorf("the offsets 6 and none are safe, not %d and %d", a, b)
	}
	// The next task goes on behind the files, whatever Kafka says.
	if err := r.task.Stop(t.Context()); err != nil {
		t.Error(err)
	}
	r.fill(0, 1)
	r.fill(1, 7)
	r.mustStart()
	if r.host.at[at(0)] != 6 || r.host.at[at(1)] != 0 {
		t.Errorf("the task wants records from %v on", r.host.at)
	}
	r.mustPut(100)
	r.exactly(9, 0, 1)
	for name := range r.cluster.Files() {
		if strings.Contains(name, "+tmp") {
			t.Errorf("%s is left behind", name)
		}
	}
}

// TestWithoutLog: the names of the files say where to go on.
func TestWithoutLog(t *testing.T) {
	t.Parallel()
	r := newRig(t)
	r.fill(0, 20)
	r.cluster.Put("/topics/t/partition=0/t+0+0000000000+0000000009.txt", []byte("x"))
	r.cluster.Put("/topics/t/year=2026/t+0+0000000010+0000000012.txt", []byte("x"))
	for _, other := range []string{"t+1+0+90.txt", "tt+0+0+90.txt", "t+0+90+89.txt", "t+0+x+90.txt", "t+0+90.txt", "t+0+-1+90.txt", "t+00+0+90.txt"} {
		r.cluster.Put("/topics/t/partition=0/"+other, []byte("x"))
	}
	r.mustStart()
	if got := r.host.at[at(0)]; got != 13 {
		t.Errorf("records are wanted from %d on, want 13", got)
	}
}

// TestJavasLog goes on from a log as the original leaves it, with a commit that it
// did not finish.
func TestJavasLog(t *testing.T) {
	t.Parallel()
	r := newRig(t)
	r.fill(0, 20)
	temp := "hdfs://other:9000/topics//+tmp/t/partition=0/0b51c7e8-6b34-4a2b-8c1d-0c5a2c6f1d11_tmp.txt"
	final := "hdfs://other:9000/topics/t/partition=0/t+0+0000000000+0000000004.txt"
	log := []byte("WAL\x00sixteen bytes ok")
	for _, record := range [][2]string{{"BEGIN", ""}, {temp, final}, {"END", ""}} {
		k, v := hadoopText(record[0]), hadoopText(record[1])
		log = append(append(append(log, 0, 0, 0, byte(len(k)+len(v)), 0, 0, 0, byte(len(k))), k...), v...)
	}
	r.cluster.Put("/logs/t/0/log", log)
	r.cluster.Put("/topics/+tmp/t/partition=0/0b51c7e8-6b34-4a2b-8c1d-0c5a2c6f1d11_tmp.txt", []byte("0@0\n0@1\n0@2\n0@3\n0@4\n"))
	r.mustStart()
	r.mustPut(100)
	r.exactly(20-(20-5)%3, 0)
}

// hadoopText writes a text as Hadoop does, of less than 256 bytes.
func hadoopText(s string) string {
	if len(s) <= 127 {
		return string(rune(len(s))) + s
	}
	return string([]byte{0x8f, byte(len(s))}) + s
}

// TestFaults breaks each call in turn, on a task that then lives on and on one that
// is killed there. Nothing is lost or doubled.
func TestFaults(t *testing.T) {
	t.Parallel()
	for _, kill := range []bool{false, true} {
		for n := 0; ; n++ {
			broke := false
			synctest.Test(t, func(t *testing.T) { broke = faultAt(t, n, kill) })
			if !broke {
				if n < 30 {
					t.Errorf("there were only %d calls to break", n)
				}
				break
			}
			if t.Failed() {
				t.Fatalf("with a fault at call %d, killed: %v", n, kill)
			}
		}
	}
}

func faultAt(t *testing.T, n int, kill bool) (broke bool) {
	r := newRig(t)
	r.fill(0, 9)
	r.fill(1, 9)
	calls := 0
	fault := func(string, string) error {
		if calls++; calls == n+1 {
			broke = true
			return errBroken
		}
		if broke && kill {
			return errBroken
		}
		return nil
	}
	r.mustStart()
	r.breaks(fault)
	for range 40 {
		r.mustPut(2)
		if broke && kill {
			r.kill()
			r.cluster.ExpireLeases()
			kill = false
			r.mustStart()
		}
		time.Sleep(2 * time.Second)
		r.cluster.ExpireLeases()
	}
	r.exactly(9, 0, 1)
	if a, b := r.committed(0), r.committed(1); a != 9 || b != 9 {
		t.Errorf("the offsets %d and %d are safe, want 9", a, b)
	}
	if err := r.task.Stop(t.Context()); err != nil {
		t.Error(err)
	}
	return broke
}

// TestOnePartitionWaits: the trouble of one is not that of the other.
func TestOnePartitionWaits(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		r := newRig(t, "retry.backoff.ms", "7000")
		r.fill(0, 6)
		r.fill(1, 6)
		r.mustStart()
		r.breaks(func(_, name string) error {
			if strings.Contains(name, "partition=0") {
				return errBroken
			}
			return nil
		})
		r.mustPut(100)
		r.exactly(6, 1)
		if !r.host.paused[at(0)] || r.host.paused[at(1)] {
			t.Errorf("paused: %v", r.host.paused)
		}
		r.breaks(nil)
		time.Sleep(6 * time.Second)
		r.mustPut(100)
		r.exactly(6, 1)
		time.Sleep(2 * time.Second)
		r.mustPut(100) // it wants its records again
		r.mustPut(100)
		r.exactly(6, 0, 1)
	})
}

// TestLeaseOfAnother waits 1, 2, 4 and 8 seconds, then retry.backoff.ms.
func TestLeaseOfAnother(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		r := newRig(t)
		r.fill(0, 3)
		r.mustStart()
		r.mustPut(3)
		dead := r.cluster.Connect()
		if _, err := dead.Append("/logs/t/0/log"); err != nil {
			t.Fatal(err)
		}
		dead.Kill()
		r.kill()
		r.fill(0, 3)
		begun := time.Now()
		r.mustStart()
		var tries []int
		last := r.task.partitions[at(0)].wakeAt
		for range 40 {
			time.Sleep(time.Second)
			r.mustPut(0)
			if p := r.task.partitions[at(0)]; p.wakeAt != last {
				tries = append(tries, int(time.Since(begun).Seconds()))
				last = p.wakeAt
			}
		}
		if want := []int{1, 3, 7, 15, 20, 21, 23, 27, 35, 40}; !slices.Equal(tries, want) {
			t.Errorf("tries after %v s, want %v", tries, want)
		}
		r.cluster.ExpireLeases()
		for range 10 {
			time.Sleep(time.Second)
			r.mustPut(100)
		}
		r.exactly(6, 0)
	})
}

// TestZombie: a task that has lost its partition without knowing writes nothing.
func TestZombie(t *testing.T) {
	t.Parallel()
	r := newRig(t)
	r.fill(0, 12)
	r.mustStart()
	r.mustPut(4) // one file, and one record more
	zombie, host := r.task, r.host
	r.mustStart()
	r.mustPut(5) // 3 to 7: one file, and two records more
	if err := zombie.Put(t.Context(), r.records[at(0)][4:12]); err != nil {
		t.Fatal(err)
	}
	if !host.paused[at(0)] {
		t.Error("the old task does not see that its partition is another's")
	}
	r.mustPut(100)
	r.exactly(12, 0)
}

func TestRebalance(t *testing.T) {
	t.Parallel()
	r := newRig(t)
	r.fill(0, 7)
	r.mustStart()
	r.mustPut(5)
	if err := r.task.Close(t.Context(), []connect.TopicPartition{at(0)}); err != nil {
		t.Fatal(err)
	}
	if r.committed(0) != -1 {
		t.Error("a partition that is gone has a safe offset")
	}
	if err := r.task.Open(t.Context(), []connect.TopicPartition{at(0)}); err != nil {
		t.Fatal(err)
	}
	r.fill(0, 2)
	r.mustPut(100)
	r.exactly(9, 0)
}

func TestRotationByTime(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		for _, more := range [][]string{
			{"rotate.interval.ms", "10000"},
			{"rotate.schedule.interval.ms", "10000", "timezone", "UTC"},
		} {
			r := newRig(t, append(more, "flush.size", "100")...)
			r.fill(0, 5)
			r.mustStart()
			r.mustPut(5)
			r.exactly(0, 0)
			time.Sleep(11 * time.Second)
			r.mustPut(0)
			r.exactly(5, 0)
		}
		// Record time goes on with records alone: one a second.
		r := newRig(t, "rotate.interval.ms", "4000", "flush.size", "100", "partitioner.class", "io.confluent.connect.storage.partitioner.TimeBasedPartitioner",
			"timestamp.extractor", "Record", "path.format", "'h'=HH", "locale", "en", "timezone", "UTC", "partition.duration.ms", "3600000")
		r.fill(0, 10)
		r.mustStart()
		r.mustPut(100)
		want := []string{"h=15/t+0+0000000000+0000000003.txt", "h=15/t+0+0000000004+0000000007.txt"}
		if diff := cmp.Diff(want, r.names()); diff != "" {
			t.Error(diff)
		}
	})
}

// TestBadRecords are reported, and fail the task where that is not tolerated.
func TestBadRecords(t *testing.T) {
	t.Parallel()
	r := newRig(t)
	r.fill(0, 2)
	r.add(0, connect.Data{Schema: &schema.Schema{Type: schema.Int32}, Value: schema.Int32Value(7)})
	r.fill(0, 1)
	r.mustStart()
	r.mustPut(100)
	if len(r.host.errant) != 1 || !strings.Contains(r.host.errant[0], "t-0@2") {
		t.Errorf("reported: %q", r.host.errant)
	}
	r.kill()
	r.mustStart()
	r.host.strict = true
	if err := r.put(100); err == nil || !strings.Contains(err.Error(), "t-0@2") {
		t.Errorf("a record that cannot be written: %v", err)
	}
}

func TestMixedSchemas(t *testing.T) {
	t.Parallel()
	r := newRig(t, "format.class", jsonClass)
	r.fill(0, 1)
	r.add(0, connect.Data{Value: schema.StringValue("no schema")})
	r.mustStart()
	r.host.strict = true
	if err := r.put(100); err == nil || !strings.Contains(err.Error(), "Switch between schema-based and schema-less data is not supported") {
		t.Errorf("records with a schema and without: %v", err)
	}
}

// TestPermission: no later try helps, so the task fails and says why.
func TestPermission(t *testing.T) {
	t.Parallel()
	r := newRig(t)
	r.fill(0, 3)
	r.mustStart()
	r.breaks(func(op, _ string) error {
		if op == "create" {
			return fmt.Errorf("create: %w", errPermission)
		}
		return nil
	})
	if err := r.put(3); err == nil || !strings.Contains(err.Error(), "t-0") {
		t.Errorf("a folder that may not be written: %v", err)
	}
}
