package delivery

type step struct {
	Event   Event
	Effects []Effect
}
