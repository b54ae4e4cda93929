package wal

import (
	"bytes"
	"encoding/hex"
	"fmt"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

// TestBytes compares with bytes worked out by hand from the original's format.
func TestBytes(t *testing.T) {
	t.Parallel()
	e := &encoder{mark: [16]byte([]byte("0123456789abcdef"))}
	long := strings.Repeat("x", 200)
	got := e.appendBlock([]byte("WAL\x000123456789abcdef"), Block{{Temp: "hdfs://n/t", Final: "/f"}, {Temp: long, Final: ""}})
	want := "57414c00" + hex.EncodeToString([]byte("0123456789abcdef")) +
		"00000007" + "00000006" + "05" + hex.EncodeToString([]byte("BEGIN")) + "00" +
		"0000000e" + "0000000b" + "0a" + hex.EncodeToString([]byte("hdfs://n/t")) + "02" + "2f66" +
		"000000cb" + "000000ca" + "8fc8" + hex.EncodeToString([]byte(long)) + "00" +
		"00000005" + "00000004" + "03" + hex.EncodeToString([]byte("END")) + "00"
	if hex.EncodeToString(got) != want {
		t.Errorf("%x\nwant %s", got, want)
	}
}

func TestNumbers(t *testing.T) {
	t.Parallel()
	for v, want := range map[int64]string{
		0: "00", 127: "7f", -112: "90", 128: "8f80", 255: "8fff", 256: "8e0100", -113: "8770", -256: "87ff", -257: "860100",
		1 << 40: "8a010000000000", -1 << 63: "807fffffffffffffff",
	} {
		got := appendNumber(nil, v)
		if hex.EncodeToString(got) != want {
			t.Errorf("%d is written %x, want %s", v, got, want)
		}
		back, n, err := number(got)
		if back != v || n != len(got) || err != nil {
			t.Errorf("%x is read as %d of %d bytes, %v; want %d", got, back, n, err, v)
		}
	}
}

// blocks makes a log of n blocks and the place where each ends.
func blocks(n int) (data []byte, ends []int, want []Block) {
	e, data := newEncoder()
	for i := range n {
		b := Block{}
		for j := range i%3 + 1 {
			b = append(b, Entry{Temp: fmt.Sprintf("hdfs://host:8020/topics/+tmp/t/partition=0/%d-%d_tmp.avro", i, j), Final: fmt.Sprintf("/topics/t/partition=%d/t+0+%010d+%010d.avro", j, i*10, i*10+9)})
		}
		data = e.appendBlock(data, b)
		ends = append(ends, len(data))
		want = append(want, b)
	}
	return data, ends, want
}

func TestParse(t *testing.T) {
	t.Parallel()
	data, _, want := blocks(40)
	c := Parse(data)
	if c.Damage != nil {
		t.Error(c.Damage)
	}
	if diff := cmp.Diff(want, c.Blocks); diff != "" {
		t.Error(diff)
	}
	marks := bytes.Count(data, append([]byte{0xff, 0xff, 0xff, 0xff}, c.mark[:]...))
	if least := len(data)/(markInterval+500) - 1; marks < least {
		t.Errorf("%d sync marks in %d bytes, want %d", marks, len(data), least)
	}
}

// TestTornLog cuts a log at every byte: whole blocks count, and nothing else.
func TestTornLog(t *testing.T) {
	t.Parallel()
	data, ends, want := blocks(5)
	whole := 0
	for n := range len(data) {
		if whole < len(ends) && n == ends[whole] {
			whole++
		}
		if got := Parse(data[:n]); !cmp.Equal(got.Blocks, want[:whole], cmp.Transformer("empty", func(b []Block) []Block { return append([]Block{}, b...) })) && whole > 0 || len(got.Blocks) != whole {
			t.Fatalf("%d of %d bytes give %d blocks, want %d", n, len(data), len(got.Blocks), whole)
		}
	}
}

func TestDamage(t *testing.T) {
	t.Parallel()
	data, ends, _ := blocks(3)
	garbled := bytes.Clone(data)
	copy(garbled[ends[1]:], []byte{0x7f, 0xff, 0xff, 0xff})
	c := Parse(garbled)
	if len(c.Blocks) != 2 || c.Damage == nil {
		t.Errorf("%d blocks, damage %v", len(c.Blocks), c.Damage)
	}
	if c := Parse([]byte("no log")); c.Damage == nil {
		t.Error("text passes for a log")
	}
	if c := Parse(nil); c.Damage == nil {
		t.Error("nothing passes for a log")
	}
}

func FuzzParse(f *testing.F) {
	data, ends, _ := blocks(12)
	f.Add(data)
	f.Add(data[:ends[3]-7])
	f.Add([]byte("WAL\x000123456789abcdef\x00\x00\x00\x07\x00\x00\x00\x06\x05BEGIN\x00\x00\x00\x00\x05\x00\x00\x00\x04\x03END\x00"))
	f.Add([]byte("WAL\x000123456789abcdef\xff\xff\xff\xff0123456789abcdef\x00\x00\x00\x02\x7f\xff\xff\xff"))
	f.Fuzz(func(t *testing.T, data []byte) {
		c := Parse(data)
		// What was read can be written, and reads the same.
		e := &encoder{mark: c.mark}
		again := append([]byte(magic), c.mark[:]...)
		for _, b := range c.Blocks {
			again = e.appendBlock(again, b)
		}
		back := Parse(again)
		if back.Damage != nil || !cmp.Equal(c.Blocks, back.Blocks, cmp.Transformer("empty", func(b Block) []Entry { return append([]Entry{}, b...) })) {
			t.Fatalf("%v\nreads back as\n%v, %v", c.Blocks, back.Blocks, back.Damage)
		}
	})
}
