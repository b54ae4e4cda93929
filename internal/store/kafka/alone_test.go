package kafka

import (
	"path/filepath"
	"testing"

	"sluice/connect/schema"
	"sluice/internal/store"
	"sluice/internal/store/file"
	"sluice/internal/store/storetest"
)

func openFile(t *testing.T, path string) *file.Offsets {
	t.Helper()
	f, err := file.Open(path)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := f.Close(); err != nil {
			t.Error(err)
		}
	})
	return f
}

func openAlone(t *testing.T, worker map[string]string, f *file.Offsets, cfg map[string]string) store.ConnectorOffsets {
	t.Helper()
	a, err := NewAlone(Config{Worker: worker, Log: quiet}, f.Copies())
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = a.Close() })
	start(t, a)
	o, err := a.OpenOffsets(t.Context(), "c", cfg)
	if err != nil {
		t.Fatal(err)
	}
	return o
}

// TestAlone runs the suite on a standalone worker's topic over its file, and on a
// connector's own topic over both.
func TestAlone(t *testing.T) {
	t.Parallel()
	c := cluster(t)
	for name, own := range map[string]string{"topic": "", "own": "own"} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			path := filepath.Join(t.TempDir(), "offsets")
			w := worker(c, t.Name(), map[string]string{"offset.storage.file.filename": path})
			storetest.Offsets(t, true, func(t *testing.T) store.Offsets {
				return openAlone(t, w, openFile(t, path), map[string]string{OwnTopicKey: own})
			})
			if configs := c.TopicInfo(w["offset.storage.topic"]).Configs; configs["file.filename"] != nil {
				t.Errorf("the topic has a setting that is not one of topics: %v", configs)
			}
		})
	}
}

// TestAloneGoesOnFromTheFileAndBack has exactly-once delivery enabled on a worker
// with an offsets file, disabled again, and enabled once more; an offset of 0 is
// none.
func TestAloneGoesOnFromTheFileAndBack(t *testing.T) {
	t.Parallel()
	f := openFile(t, filepath.Join(t.TempDir(), "offsets"))
	at := func(key string, n int64) schema.Value {
		return schema.MapValue([]schema.Entry{{Key: schema.StringValue(key), Value: schema.Int64Value(n)}})
	}
	write := func(s store.Offsets, partition, offset int64) {
		t.Helper()
		if err := s.Write(t.Context(), "c", []store.Offset{{Partition: at("p", partition), Offset: at("o", offset)}}); err != nil {
			t.Fatal(err)
		}
	}
	want := func(s store.Offsets, offsets ...int64) {
		t.Helper()
		got, err := s.Read(t.Context(), "c", []schema.Value{at("p", 0), at("p", 1)})
		if err != nil {
			t.Fatal(err)
		}
		for i, n := range offsets {
			wanted := at("o", n)
			if n == 0 {
				wanted = schema.Null()
			}
			if !got[i].Equal(wanted) {
				t.Errorf("the offset of partition %d is %v, want %v", i, got[i], wanted)
			}
		}
	}
	write(f, 0, 1)
	write(f, 1, 1)
	w := worker(cluster(t), t.Name(), nil)
	for _, own := range []string{"", "own"} {
		cfg := map[string]string{OwnTopicKey: own}
		topic := openAlone(t, w, f, cfg)
		want(topic, 1, 1)
		write(topic, 1, 2)
		want(topic, 1, 2)
		want(f, 1, 2)
		want(openAlone(t, w, f, cfg), 1, 2)
		write(f, 0, 3) // without exactly-once delivery
		if err := f.Write(t.Context(), "c", []store.Offset{{Partition: at("p", 1), Offset: schema.Null()}}); err != nil {
			t.Fatal(err)
		}
		want(openAlone(t, w, f, cfg), 3, 0)
		write(f, 0, 1)
		write(f, 1, 1)
	}
}
