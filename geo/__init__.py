"""GridCircle: governance grids (网格), their service circles (服务圈), and their audit (体检).

Import the rooms directly (`geo.io`, `geo.grids`, `geo.coverage`, `geo.audit`, …); nothing happens
on import of this package.
"""
