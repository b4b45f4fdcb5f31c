// Runs once when the gateway starts.
public function initStartupExtension() {
}
