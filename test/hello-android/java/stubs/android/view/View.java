package android.view;

public class View {
  public void setBackgroundColor(int color) {
    System.out.println("View.setBackgroundColor " + color);
  }
}
