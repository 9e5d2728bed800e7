"""GridCircle: governance grids (网格), the circles (服务圈) that serve them, and their audit (体检).

Import the rooms directly (`geo.io`, `geo.grids`, `geo.coverage`, `geo.audit`, …); nothing happens
on import of this package.
"""
