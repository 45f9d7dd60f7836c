package agent

const victimVariable = "WARDLINE_AGENT_TEST_VICTIM"

func victim(string) {}
