package store

import (
	"maps"
	"math/rand/v2"
	"slices"
	"testing"

	"github.com/google/go-cmp/cmp"
)

// TestTree compares a tree with a map over random changes, and looks at older
// trees again after newer ones were made from them.
func TestTree(t *testing.T) {
	t.Parallel()
	r := rand.New(rand.NewPCG(1, 2))
	type version struct {
		tree tree[int, int]
		want map[int]int
	}
	var kept []version
	var tr tree[int, int]
	want := map[int]int{}
	for i := range 5000 {
		key := r.IntN(300)
		if r.IntN(5) < 2 {
			tr = tr.remove(key)
			delete(want, key)
		} else {
			tr = tr.put(key, i)
			want[key] = i
		}
		if i%500 == 0 {
			kept = append(kept, version{tr, maps.Clone(want)})
		}
		if h := balanced(t, tr.root); h > 12 {
			t.Fatalf("%d entries are %d levels deep", tr.len(), h)
		}
	}
	kept = append(kept, version{tr, want})
	for _, v := range kept {
		got := map[int]int{}
		var keys []int
		for k, value := range v.tree.all() {
			got[k] = value
			keys = append(keys, k)
		}
		if diff := cmp.Diff(v.want, got); diff != "" {
			t.Fatal(diff)
		}
		if !slices.IsSorted(keys) || v.tree.len() != len(v.want) {
			t.Fatalf("%d keys, %d counted: %v", len(v.want), v.tree.len(), keys)
		}
		for k := range 300 {
			value, ok := v.tree.get(k)
			if w, has := v.want[k]; ok != has || value != w {
				t.Fatalf("get(%d) is %d, %v; want %d, %v", k, value, ok, w, has)
			}
		}
	}
}

func balanced(t *testing.T, n *node[int, int]) int {
	t.Helper()
	if n == nil {
		return 0
	}
	l, r := balanced(t, n.left), balanced(t, n.right)
	if d := l - r; d < -1 || d > 1 {
		t.Fatalf("node %d has sides of %d and %d levels", n.key, l, r)
	}
	return 1 + max(l, r)
}
