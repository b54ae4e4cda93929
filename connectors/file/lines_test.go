package file

import (
	"context"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"testing"
	"time"
	"unicode/utf16"

	"github.com/google/go-cmp/cmp"

	"sluice/connect"
)

// model cuts a text as slowly and plainly as can be.
func model(text string) (texts []string, positions []int64) {
	from, position := 0, int64(0)
	for i := 0; i < len(text); i++ {
		end := 1
		switch {
		case text[i] == '\n':
		case text[i] == '\r' && i+1 < len(text):
			if text[i+1] == '\n' {
				end = 2
			}
		default:
			continue
		}
		decoded := string(appendDecoded(nil, []byte(text[from:i])))
		texts = append(texts, decoded)
		position += int64(len(utf16.Encode([]rune(decoded))) + end)
		positions = append(positions, position)
		i += end - 1
		from = i + 1
	}
	return texts, positions
}

// pieces is an input that gives a text in pieces of the given sizes, over and over.
type pieces struct {
	text  string
	sizes []byte
	turn  int
}

func (p *pieces) read(_ context.Context, into []byte, _ time.Duration) (int, error) {
	size := 1
	if len(p.sizes) > 0 {
		size += int(p.sizes[p.turn%len(p.sizes)])
		p.turn++
	}
	n := copy(into, p.text[:min(size, len(p.text))])
	p.text = p.text[n:]
	return n, nil
}

func (p *pieces) close() error { return nil }

func FuzzLines(f *testing.F) {
	f.Add("a\nb\r\nc\rd\r", []byte{0}, uint8(2))
	f.Add("é\r\r\n😀\xe2\x82\n\xed\xa0\x80\xf4\x90\x80\x80\r\n", []byte{1, 0, 3}, uint8(1))
	f.Add(strings.Repeat("x", 40)+"ü\n\n\n", []byte{}, uint8(200))
	f.Fuzz(func(t *testing.T, text string, sizes []byte, batch uint8) {
		wantTexts, wantPositions := model(text)
		task := &sourceTask{in: &pieces{text: text, sizes: sizes}, settings: sourceSettings{File: new("f"), BatchSize: int(batch) + 1}}
		var texts []string
		var positions []int64
		for {
			var b connect.Batch
			if err := task.Poll(t.Context(), &b); err != nil {
				t.Fatal(err)
			}
			if len(b.Records) == 0 && task.in.(*pieces).text == "" {
				break
			}
			for _, r := range b.Records {
				p, _ := r.Origin.SourceOffset.Lookup(positionField)
				texts, positions = append(texts, r.Value.Value.Text()), append(positions, p.Int())
			}
		}
		if !cmp.Equal(wantTexts, texts) || !cmp.Equal(wantPositions, positions) {
			t.Fatalf("got %q %d, want %q %d", texts, positions, wantTexts, wantPositions)
		}
		// Resuming at any position finds the byte that the position stands for.
		for _, p := range wantPositions {
			n, units := skip([]byte(text), p, true)
			if units != p {
				t.Fatalf("skip(%d) went %d units", p, units)
			}
			if rest, _ := model(text[n:]); n > 0 && text[n-1] != '\n' && text[n-1] != '\r' || len(rest) > len(wantTexts) {
				t.Fatalf("skip(%d) ends at byte %d of %q", p, n, text)
			}
		}
	})
}

func TestASCIIPrefix(t *testing.T) {
	t.Parallel()
	for n := range 70 {
		for at := range n + 1 {
			b := []byte(strings.Repeat("a", n))
			if at < n {
				b[at] = 0x80
			}
			if got := asciiPrefix(b); got != at {
				t.Fatalf("asciiPrefix of %d bytes = %d, want %d", n, got, at)
			}
		}
	}
}

func BenchmarkPoll(b *testing.B) {
	for _, bench := range []struct{ name, line string }{
		{"ascii100", strings.Repeat("x", 99) + "\n"},
		{"ascii20", strings.Repeat("x", 19) + "\n"},
		{"mixed100", strings.Repeat("aéb€c", 11) + "\n"},
	} {
		b.Run(bench.name, func(b *testing.B) {
			path := filepath.Join(b.TempDir(), "in.txt")
			if err := os.WriteFile(path, []byte(strings.Repeat(bench.line, 32<<20/len(bench.line))), 0o600); err != nil {
				b.Fatal(err)
			}
			task := &sourceTask{settings: sourceSettings{File: new(path), BatchSize: 2000}, host: &fakeHost{}}
			var batch connect.Batch
			records := 0
			b.ReportAllocs()
			for b.Loop() {
				batch.Reset()
				if err := task.Poll(b.Context(), &batch); err != nil {
					b.Fatal(err)
				}
				if len(batch.Records) < 2000 { // The end: from the start again.
					if _, err := task.in.(*fileInput).file.Seek(0, 0); err != nil {
						b.Fatal(err)
					}
					task.in.(*fileInput).taken = 0
				}
				records += len(batch.Records)
			}
			b.SetBytes(int64(len(bench.line) * records / b.N))
			b.ReportMetric(float64(b.Elapsed().Nanoseconds())/float64(records), "ns/record")
		})
	}
}

func BenchmarkSkip(b *testing.B) {
	for _, unit := range []string{"x", "aéb€c"} {
		text := []byte(strings.Repeat(unit, bufferSize/len(unit)))
		b.Run(strconv.Itoa(len(unit)), func(b *testing.B) {
			b.SetBytes(int64(len(text)))
			for b.Loop() {
				skip(text, 1<<40, true)
			}
		})
	}
}
