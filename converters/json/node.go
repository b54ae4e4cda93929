package json

// node is a JSON value as a tree. Only schemas are read into trees: they are
// read once.
type node struct {
	kind    kind
	span    []byte // the value's own text
	str     string // of a string
	members []member
	items   []*node
}

type member struct {
	name string
	node *node
}

// get returns the named member, or nil.
func (n *node) get(name string) *node {
	for _, m := range n.members {
		if m.name == name {
			return m.node
		}
	}
	return nil
}

// text returns the named member where it is a text.
func (n *node) text(name string) (string, bool) {
	if m := n.get(name); m != nil && m.kind == jsonString {
		return m.str, true
	}
	return "", false
}

// put adds a member; of two with one name the later counts, in the place of the first.
func (n *node) put(name string, value *node) {
	for i := range n.members {
		if n.members[i].name == name {
			n.members[i].node = value
			return
		}
	}
	n.members = append(n.members, member{name, value})
}

// node reads one value into a tree.
func (d *decoder) node() (*node, error) {
	k, err := d.peek()
	if err != nil {
		return nil, err
	}
	n := &node{kind: k}
	start := d.pos
	switch k {
	case jsonString:
		var b []byte
		b, err = d.text()
		n.str = string(b)
	case jsonArray, jsonObject:
		err = d.nodes(n)
	default:
		err = d.skip()
	}
	n.span = d.raw[start:d.pos]
	return n, err
}

func (d *decoder) nodes(n *node) error {
	end := byte(']')
	if n.kind == jsonObject {
		end = '}'
	}
	more, err := d.open(end)
	for more && err == nil {
		var name []byte
		if n.kind == jsonObject {
			if name, err = d.name(); err != nil {
				return err
			}
		}
		text := string(name)
		v, failed := d.node()
		if failed != nil {
			return failed
		}
		if n.kind == jsonObject {
			n.put(text, v)
		} else {
			n.items = append(n.items, v)
		}
		more, err = d.next(end)
	}
	return err
}
