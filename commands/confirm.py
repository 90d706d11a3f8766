"""Questions before what can't be undone: the answer is a name, which nobody types by accident."""


def typed(name: str, aim: str = "go on") -> bool:
    """Whether the owner types `name` to reach `aim`; without anybody there, not."""
    try:
        return input(f"To {aim}, type {name}: ").strip() == name
    except EOFError:
        return False
