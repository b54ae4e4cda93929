package herder

import "sync"

// mailbox is an unbounded queue of closures for the loop that owns an S; to put
// one never waits.
type mailbox[S any] struct {
	ready chan struct{} // holds one token while there are letters

	mu      sync.Mutex // guards the following
	letters []func(S)
	closed  bool
}

func newMailbox[S any]() *mailbox[S] { return &mailbox[S]{ready: make(chan struct{}, 1)} }

// put adds a letter; false means that the loop has ended.
func (m *mailbox[S]) put(letter func(S)) bool {
	m.mu.Lock()
	defer m.mu.Unlock()
	if m.closed {
		return false
	}
	m.letters = append(m.letters, letter)
	select {
	case m.ready <- struct{}{}:
	default:
	}
	return true
}

func (m *mailbox[S]) take() []func(S) {
	m.mu.Lock()
	defer m.mu.Unlock()
	letters := m.letters
	m.letters = nil
	return letters
}

func (m *mailbox[S]) close() {
	m.mu.Lock()
	defer m.mu.Unlock()
	m.closed = true
}
