package text

import (
	"bytes"
	"strings"
	"testing"

	"sluice/connect"
	"sluice/connect/schema"
)

func TestWrite(t *testing.T) {
	t.Parallel()
	var file bytes.Buffer
	w, err := Format{}.Create(&file, schema.Of(schema.String))
	if err != nil {
		t.Fatal(err)
	}
	var want strings.Builder
	for i := range 3000 {
		line := strings.Repeat("ä", i%100)
		want.WriteString(line + "\n")
		if err := w.Write(connect.Data{Value: schema.StringValue(line)}); err != nil {
			t.Fatal(err)
		}
	}
	for _, v := range []schema.Value{schema.Null(), schema.Int32Value(1), schema.BytesValue([]byte("b"))} {
		if err := w.Write(connect.Data{Value: v}); connect.ClassOf(err) != connect.DataException {
			t.Errorf("%s: %v", v.Kind(), err)
		}
	}
	if file.Len() == 0 || w.Buffered() == 0 {
		t.Errorf("%d bytes wait and %d are written", w.Buffered(), file.Len())
	}
	if err := w.Close(); err != nil || file.String() != want.String() {
		t.Errorf("%d bytes, want %d; %v", file.Len(), want.Len(), err)
	}
	if s, err := (Format{}).Schema(nil, 0); s != nil || err != nil {
		t.Errorf("schema %v, %v", s, err)
	}
}
