"""What the tests speak with: far processes, sources, streams, graphs, growth."""
