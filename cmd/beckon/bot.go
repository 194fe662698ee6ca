package main

// botCmd groups the bots.
type botCmd struct {
	Echo echoCmd `cmd:"" help:"Send every message back on the channel that it came from."`
	Game gameCmd `cmd:"" help:"Play the game of the demo's page."`
}
