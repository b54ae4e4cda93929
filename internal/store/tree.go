package store

import (
	"cmp"
	"iter"
)

// tree is a sorted map that never changes: put and remove return another one,
// which shares all but a path with the first (an AVL tree with copied paths).
// The zero tree is empty.
type tree[K cmp.Ordered, V any] struct{ root *node[K, V] }

type node[K cmp.Ordered, V any] struct {
	key         K
	value       V
	left, right *node[K, V]
	height      int8
	count       int32
}

func (t tree[K, V]) len() int { return int(t.root.size()) }

func (t tree[K, V]) get(key K) (V, bool) {
	for n := t.root; n != nil; {
		switch c := cmp.Compare(key, n.key); {
		case c < 0:
			n = n.left
		case c > 0:
			n = n.right
		default:
			return n.value, true
		}
	}
	var none V
	return none, false
}

func (t tree[K, V]) put(key K, value V) tree[K, V] {
	return tree[K, V]{t.root.put(key, value)}
}

func (t tree[K, V]) remove(key K) tree[K, V] {
	if _, ok := t.get(key); !ok {
		return t
	}
	return tree[K, V]{t.root.remove(key)}
}

// all yields the entries in the order of their keys.
func (t tree[K, V]) all() iter.Seq2[K, V] {
	return func(yield func(K, V) bool) { t.root.walk(yield) }
}

func (n *node[K, V]) walk(yield func(K, V) bool) bool {
	return n == nil || n.left.walk(yield) && yield(n.key, n.value) && n.right.walk(yield)
}

func (n *node[K, V]) size() int32 {
	if n == nil {
		return 0
	}
	return n.count
}

func (n *node[K, V]) tall() int8 {
	if n == nil {
		return 0
	}
	return n.height
}

func (n *node[K, V]) put(key K, value V) *node[K, V] {
	if n == nil {
		return join(nil, key, value, nil)
	}
	switch c := cmp.Compare(key, n.key); {
	case c < 0:
		return join(n.left.put(key, value), n.key, n.value, n.right)
	case c > 0:
		return join(n.left, n.key, n.value, n.right.put(key, value))
	}
	same := *n
	same.value = value
	return &same
}

// remove wants that the key is there.
func (n *node[K, V]) remove(key K) *node[K, V] {
	switch c := cmp.Compare(key, n.key); {
	case c < 0:
		return join(n.left.remove(key), n.key, n.value, n.right)
	case c > 0:
		return join(n.left, n.key, n.value, n.right.remove(key))
	case n.left == nil:
		return n.right
	case n.right == nil:
		return n.left
	}
	least := n.right
	for least.left != nil {
		least = least.left
	}
	return join(n.left, least.key, least.value, n.right.remove(least.key))
}

// join makes a node whose sides differ by two levels at most, and balances it.
func join[K cmp.Ordered, V any](left *node[K, V], key K, value V, right *node[K, V]) *node[K, V] {
	switch d := left.tall() - right.tall(); {
	case d > 1 && left.left.tall() >= left.right.tall():
		return plain(left.left, left.key, left.value, plain(left.right, key, value, right))
	case d > 1:
		m := left.right
		return plain(plain(left.left, left.key, left.value, m.left), m.key, m.value, plain(m.right, key, value, right))
	case d < -1 && right.right.tall() >= right.left.tall():
		return plain(plain(left, key, value, right.left), right.key, right.value, right.right)
	case d < -1:
		m := right.left
		return plain(plain(left, key, value, m.left), m.key, m.value, plain(m.right, right.key, right.value, right.right))
	}
	return plain(left, key, value, right)
}

func plain[K cmp.Ordered, V any](left *node[K, V], key K, value V, right *node[K, V]) *node[K, V] {
	return &node[K, V]{
		key: key, value: value, left: left, right: right,
		height: 1 + max(left.tall(), right.tall()),
		count:  1 + left.size() + right.size(),
	}
}
