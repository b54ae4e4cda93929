package herder_test

import (
	"testing"

	"sluice/connect/config"
	"sluice/internal/store"
)

// TestRestartOfATaskThatIsGone: the status has no task that is not there.
func TestRestartOfATaskThatIsGone(t *testing.T) {
	t.Parallel()
	h, _ := start(t)
	putStopped(t, h, config.Map{"name": "s", "connector.class": sourceClass, "topic": "t"})
	err := h.RestartTask(t.Context(), store.TaskID{Connector: "s"})
	if code, text := status(t, err); code != 404 || text != "Task s-0 not found" {
		t.Errorf("%d %q", code, text)
	}
	if st, found := h.Status("s"); !found || len(st.Tasks) != 0 || st.Connector.State != store.Stopped {
		t.Errorf("the status is %+v", st)
	}
}
