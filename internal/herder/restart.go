package herder

import "sluice/internal/store"

// planRestart returns the status that a restart leads to first, whether the
// connector is restarted, and which tasks are (KIP-745).
func planRestart(status ConnectorStatus, includeTasks, onlyFailed bool) (plan ConnectorStatus, connector bool, tasks []store.TaskID) {
	plan = status
	if connector = !onlyFailed || status.Connector.State == store.Failed; connector {
		plan.Connector.State = store.Restarting
	}
	plan.Tasks = make([]TaskStatus, len(status.Tasks))
	for i, t := range status.Tasks {
		if includeTasks && (!onlyFailed || t.State == store.Failed) {
			t.State = store.Restarting
			tasks = append(tasks, store.TaskID{Connector: status.Name, Task: t.ID})
		}
		plan.Tasks[i] = t
	}
	return plan, connector, tasks
}
