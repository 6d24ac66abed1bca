"""What stands between a port and the application: sockets, connections, WebSockets."""
