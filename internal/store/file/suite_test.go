package file_test

import (
	"path/filepath"
	"sync"
	"testing"

	"sluice/internal/store"
	"sluice/internal/store/file"
	"sluice/internal/store/storetest"
)

// TestSuite runs what every variant of the offset store must do.
func TestSuite(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	var names sync.Map
	storetest.Offsets(t, false, func(t *testing.T) store.Offsets {
		path, _ := names.LoadOrStore(t.Name(), filepath.Join(dir, filepath.Base(t.Name())))
		s, err := file.Open(path.(string))
		if err != nil {
			t.Fatal(err)
		}
		return s
	})
}
