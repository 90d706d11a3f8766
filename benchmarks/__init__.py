"""What measures, and under results/ the last figures with the command that made them."""
