"""A state machine as a graph that shows where an execution stands."""

from imageproc.widgets.parts.state_graph.state_graph import StateGraph

__all__ = ["StateGraph"]
