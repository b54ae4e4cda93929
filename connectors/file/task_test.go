package file

import (
	"context"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"testing/synctest"

	"github.com/google/go-cmp/cmp"

	"sluice/connect"
	"sluice/connect/config"
	"sluice/connect/schema"
)

func TestLinesAndPositions(t *testing.T) {
	t.Parallel()
	tests := map[string]struct {
		in        string
		texts     []string
		positions []int64
	}{
		"line ends":       {"a\nb\r\nc\rd\n\n", []string{"a", "b", "c", "d", ""}, []int64{2, 5, 7, 9, 10}},
		"partial kept":    {"a\nb", []string{"a"}, []int64{2}},
		"last return":     {"a\nb\r", []string{"a"}, []int64{2}},
		"two returns":     {"a\r\rb\n\r\n", []string{"a", "", "b", ""}, []int64{2, 3, 5, 7}},
		"utf-16 units":    {"é\n€\n😀x\nz\n", []string{"é", "€", "😀x", "z"}, []int64{2, 4, 8, 10}},
		"byte order mark": {"\ufeffa\n", []string{"\ufeffa"}, []int64{3}},
		"malformed": {
			"a\xffb\n\xe2\x82\n\xc3\xa9\xe2\x82x\n\xed\xa0\x80\n\xf0\x9f\x98\n\xe0\x80\n",
			[]string{"a\ufffdb", "\ufffd", "é\ufffdx", "\ufffd", "\ufffd", "\ufffd\ufffd"},
			[]int64{4, 6, 10, 12, 14, 17},
		},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			host := &fakeHost{}
			path := tempFile(t, tt.in)
			texts, positions := poll(t, startSource(t, host, sourceConfig(path), nil))
			if diff := cmp.Diff(tt.texts, texts); diff != "" {
				t.Error(diff)
			}
			if diff := cmp.Diff(tt.positions, positions); diff != "" {
				t.Error(diff)
			}
			// From each position on, the rest comes and nothing else.
			for i, p := range positions[:max(len(positions)-1, 0)] {
				host := &fakeHost{offset: positionOf(p)}
				rest, at := poll(t, startSource(t, host, sourceConfig(path), nil))
				if !cmp.Equal(tt.texts[i+1:], rest) || !cmp.Equal(tt.positions[i+1:], at) {
					t.Errorf("from %d: %q %d", p, rest, at)
				}
			}
		})
	}
}

func TestRecord(t *testing.T) {
	t.Parallel()
	path := tempFile(t, "x\n")
	var b connect.Batch
	if err := startSource(t, &fakeHost{}, sourceConfig(path), nil).Poll(t.Context(), &b); err != nil {
		t.Fatal(err)
	}
	r := b.Records[0]
	if r.Topic != "t" || r.Partition != connect.NoPartition || r.Timestamp <= 0 || r.Key.Schema != nil || !r.Key.Value.IsNull() {
		t.Errorf("record %+v", r)
	}
	if !r.Value.Schema.Equal(&schema.Schema{Type: schema.String}) {
		t.Errorf("schema %+v", r.Value.Schema)
	}
	if got, want := r.Origin.SourcePartition.Fields.String(), "{filename="+path+"}"; got != want {
		t.Errorf("partition %s, want %s", got, want)
	}
	if got := r.Origin.SourceOffset.String(); got != "{position=2}" {
		t.Errorf("offset %s", got)
	}
}

// The restart happens beyond several read buffers, with characters of every
// length across their ends.
func TestRestartBeyondASCII(t *testing.T) {
	t.Parallel()
	var b strings.Builder
	for i := range 60000 {
		fmt.Fprintf(&b, "%d é€😀\xe2\x82 %s\n", i, strings.Repeat("ö", i%7))
	}
	path := tempFile(t, b.String())
	cfg := sourceConfig(path)
	var want []string
	task := startSource(t, &fakeHost{}, cfg, nil)
	var position int64
	for len(want) < 44000 {
		texts, positions := poll(t, task)
		want, position = append(want, texts...), positions[len(positions)-1]
	}
	next, nextPositions := poll(t, task)
	again, againPositions := poll(t, startSource(t, &fakeHost{offset: positionOf(position)}, cfg, nil))
	if diff := cmp.Diff(next, again); diff != "" {
		t.Error(diff)
	}
	if diff := cmp.Diff(nextPositions, againPositions); diff != "" {
		t.Error(diff)
	}
	if !strings.HasPrefix(next[0], fmt.Sprint(len(want), " ")) {
		t.Errorf("line %d is %q", len(want), next[0])
	}
}

func TestBatchSize(t *testing.T) {
	t.Parallel()
	for size, want := range map[string][]int{"2": {2, 2, 1}, "0": {1, 1, 1}, "-3": {1, 1, 1}, "5": {5}} {
		cfg := sourceConfig(tempFile(t, "1\n2\n3\n4\n5\n"))
		cfg[batchKey] = size
		task := startSource(t, &fakeHost{}, cfg, nil)
		for i, n := range want {
			if texts, _ := poll(t, task); len(texts) != n {
				t.Errorf("batch.size %s, poll %d: %q", size, i, texts)
			}
		}
	}
}

func TestFollow(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		path := filepath.Join(t.TempDir(), "later.txt")
		host := &fakeHost{}
		task := startSource(t, host, sourceConfig(path), nil)
		steps := []struct {
			append string
			want   []string
		}{
			{"", nil},
			{"a\nb", []string{"a"}},
			{"", nil},
			{"c\r", nil},
			{"\n", []string{"bc"}},
			{strings.Repeat("x", 3*bufferSize), nil},
			{"\n", []string{strings.Repeat("x", 3*bufferSize)}},
		}
		for i, s := range steps {
			if s.append != "" {
				write(t, path, s.append)
			}
			if texts, _ := poll(t, task); !cmp.Equal(s.want, texts) {
				t.Fatalf("step %d: got %d lines, want %d", i, len(texts), len(s.want))
			}
		}
		if n := strings.Count(host.log.String(), "level=WARN"); n != 1 {
			t.Errorf("%d warnings:\n%s", n, host.log.String())
		}
		if err := os.Rename(path, path+".1"); err != nil {
			t.Fatal(err)
		}
		write(t, path+".1", "more\n")
		if texts, _ := poll(t, task); !cmp.Equal([]string{"more"}, texts) {
			t.Errorf("after a rename: %q", texts)
		}
		if err := task.Stop(t.Context()); err != nil {
			t.Error(err)
		}
	})
}

func TestTruncated(t *testing.T) {
	t.Parallel()
	path := tempFile(t, "first\nsecond\n")
	task := startSource(t, &fakeHost{}, sourceConfig(path), nil)
	_, positions := poll(t, task)
	if err := os.Truncate(path, 3); err != nil {
		t.Fatal(err)
	}
	wantError(t, task, path, "truncated")
	if err := task.Stop(t.Context()); err != nil {
		t.Error(err)
	}
	wantError(t, startSource(t, &fakeHost{offset: positionOf(positions[1])}, sourceConfig(path), nil), path, "truncated", "13")
}

func TestErrors(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	short := tempFile(t, "éééé\n") // 9 bytes, 5 units
	text := schema.MapValue([]schema.Entry{{Key: schema.StringValue(positionField), Value: schema.StringValue("1")}})
	wantError(t, startSource(t, &fakeHost{}, sourceConfig(dir), nil), dir, "directory")
	wantError(t, startSource(t, &fakeHost{offset: positionOf(7)}, sourceConfig(short), nil), short, "position 7")
	wantError(t, startSource(t, &fakeHost{offset: positionOf(-1)}, sourceConfig(short), nil), "negative")
	wantError(t, startSource(t, &fakeHost{offset: text}, sourceConfig(short), nil), "Offset position is the incorrect type")
	for _, cfg := range []config.Map{{}, {topicKey: ""}, {topicKey: "t", batchKey: "many"}} {
		if err := plugins(nil, nil).Sources[0].NewTask().Start(t.Context(), &fakeHost{}, cfg); err == nil {
			t.Errorf("configuration %v is accepted", cfg)
		}
	}
}

func wantError(t *testing.T, task connect.SourceTask, parts ...string) {
	t.Helper()
	var b connect.Batch
	err := task.Poll(t.Context(), &b)
	if err == nil {
		t.Fatalf("no error, %d records", len(b.Records))
	}
	for _, p := range parts {
		if !strings.Contains(err.Error(), p) {
			t.Errorf("error %q does not say %q", err, p)
		}
	}
	if connect.ClassOf(err) != connect.ConnectException {
		t.Errorf("class %s", connect.ClassOf(err))
	}
}

func TestPollEndsWithContext(t *testing.T) {
	t.Parallel()
	for name, path := range map[string]string{"idle": tempFile(t, ""), "missing": "/nonexistent/x", "stdin": ""} {
		synctest.Test(t, func(t *testing.T) {
			task := startSource(t, &fakeHost{}, sourceConfig(path), strings.NewReader(""))
			ctx, cancel := context.WithCancel(t.Context())
			cancel()
			var b connect.Batch
			if err := task.Poll(ctx, &b); err != nil || len(b.Records) > 0 {
				t.Errorf("%s: %v, %d records", name, err, len(b.Records))
			}
			synctest.Wait()
		})
	}
}

func TestStdin(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		set := plugins(strings.NewReader("a\nb\nc\n"), nil)
		for _, tt := range []struct {
			cfg       config.Map
			want      []string
			partition string
		}{
			{config.Map{topicKey: "t", batchKey: "3"}, []string{"a", "b", "c"}, "{filename=null}"},
			{config.Map{topicKey: "t", fileKey: ""}, nil, ""},
		} {
			task := set.Sources[0].NewTask()
			if err := task.Start(t.Context(), &fakeHost{}, tt.cfg); err != nil {
				t.Fatal(err)
			}
			var b connect.Batch
			if err := task.Poll(t.Context(), &b); err != nil {
				t.Fatal(err)
			}
			var texts []string
			for _, r := range b.Records {
				texts = append(texts, r.Value.Value.Text())
				if p, o := r.Origin.SourcePartition.Fields.String(), r.Origin.SourceOffset.String(); p != tt.partition || o != "{position=null}" {
					t.Errorf("partition %s, offset %s", p, o)
				}
			}
			if diff := cmp.Diff(tt.want, texts); diff != "" {
				t.Error(diff)
			}
			if err := task.Stop(t.Context()); err != nil {
				t.Error(err)
			}
		}
	})
}

// TestLag: what is left is what is in the file and no record yet.
func TestLag(t *testing.T) {
	t.Parallel()
	path := tempFile(t, "one\ntwo\nthr")
	cfg := sourceConfig(path)
	cfg[batchKey] = "1"
	task := startSource(t, &fakeHost{}, cfg, nil)
	lagger, ok := task.(connect.Lagger)
	if !ok {
		t.Fatal("the task does not tell its lag")
	}
	if _, known := lagger.Lag(); known {
		t.Error("the lag is known before the file is open")
	}
	for _, want := range []int64{7, 3} {
		poll(t, task)
		if left, known := lagger.Lag(); left != want || !known {
			t.Errorf("the lag is %d, %v, want %d", left, known, want)
		}
	}
	write(t, path, "ee\nfour\n")
	if left, _ := lagger.Lag(); left != 11 {
		t.Errorf("the lag of a file that has grown is %d, want 11", left)
	}
}
